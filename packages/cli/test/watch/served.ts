import { appendFileSync, mkdirSync, writeFileSync } from "node:fs"
import { request } from "node:http"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { onTestFinished } from "@effect/vitest"
import { type Board, makeBoard } from "@moco/report/live/watch/Board"
import { folderSubject } from "@moco/report/live/watch/folderSubject"
import { serveBoard } from "@moco/report/live/watch/server"
import type { RunEvent } from "@moco/train/RunLog"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Effect, Fiber } from "effect"
import { HttpServer } from "effect/http"
import { type LoopbackOptions, layerLoopback } from "../../src/commands/watch/loopback.ts"
import { readStudy } from "../../src/commands/watch.ts"

/** A folder that is watched by the real server, looked at every 30 ms. */
export const serveFolder = async (folder: string, port = 0, options: LoopbackOptions = {}) => {
  let ready: (made: { readonly board: Board; readonly url: string }) => void
  const made = new Promise<{ readonly board: Board; readonly url: string }>((resolve) => (ready = resolve))
  const fiber = Effect.gen(function* () {
    const board = yield* makeBoard(yield* folderSubject(folder, readStudy))
    yield* board.update
    const { address } = yield* HttpServer.HttpServer
    ready({ board, url: HttpServer.formatAddress(address) })
    return yield* serveBoard(board, "30 millis", 1)
  }).pipe(Effect.provide([layerLoopback(port, options), NodeServices.layer]), Effect.scoped, Effect.runFork)
  const stop = () => Effect.runPromise(Fiber.interrupt(fiber))
  onTestFinished(async () => void (await stop()))
  const { board, url } = await made
  return { board, url, port: Number(new URL(url).port), stop }
}

/** What a server answers; `fetch` would not send such headers. */
export const ask = (url: string, headers: Readonly<Record<string, string>> = {}, method = "GET") =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      let body = ""
      response.on("data", (data) => (body += data))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.on("error", reject)
    sent.end()
  })

/** Listens to events as they come; `close` goes away as a browser does. */
export const listen = (url: string, headers: Readonly<Record<string, string>> = {}) => {
  let text = ""
  const sent = request(url, { headers, agent: false }, (response) => {
    response.on("data", (data) => (text += data))
    response.on("error", () => {})
  })
  sent.on("error", () => {})
  sent.end()
  onTestFinished(() => void sent.destroy())
  return { text: () => text, forget: () => (text = ""), close: () => sent.destroy() }
}

const numSteps = 400

export const stepLine = (step: number): string => {
  const event: RunEvent = {
    ...{ event: "step", step, epoch: Math.floor(step / 100), numSteps, numEpochs: 4, stepMs: 500 },
    metrics: { loss: 7 - step / 100, chanceLoss: Math.log(1025), pretextAccuracy: 0.1, imagesPerSecond: 200 }
  }
  return `${JSON.stringify({ format: 2, time: "2026-01-01T00:00:00.000Z", ...event })}\n`
}

export const logOf = (folder: string): string => join(folder, "metrics.jsonl")

/** A run that has taken some steps. */
export const beginRun = (folder: string, count: number): string => {
  mkdirSync(folder, { recursive: true })
  const config = { ...fashionMnistQuick(), training: { epochs: 4, batchSize: 100 } }
  writeFileSync(join(folder, "config.json"), JSON.stringify(config))
  writeFileSync(logOf(folder), "")
  addSteps(folder, 0, count)
  return folder
}

export const addSteps = (folder: string, from: number, to: number) =>
  appendFileSync(logOf(folder), Array.from({ length: to - from }, (_, i) => stepLine(from + i)).join(""))
