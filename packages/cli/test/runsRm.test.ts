import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { RemovedRuns } from "@moco/report/runs/remove"
import { Effect, Layer, Option, Queue, Terminal } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { IsInteractive } from "../src/commands/runs/confirm.ts"
import { rm } from "../src/commands/runs/rm.ts"
import { decode, runInProcess } from "./inProcess.ts"
import { assertPlainError, fresh } from "./program.ts"
import { writeFinishedRun } from "./writtenRun.ts"

type Answer = "y" | "n" | "quit"

/** Runs `moco runs rm` where somebody sits at the terminal and gives this answer. */
const rmAnswered = (answer: Answer, ...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(Command.runWith(rm, { version: "0.0.0" })(args))
    return { exit, stdout: (yield* TestConsole.logLines).join("\n") }
  }).pipe(
    Effect.provideService(IsInteractive, true),
    Effect.provide(answering(answer)),
    Effect.provide([TestConsole.layer, NodeServices.layer]),
    Effect.runPromise
  )

const answering = (answer: Answer) =>
  Layer.effect(
    Terminal.Terminal,
    Effect.map(Terminal.Terminal, (terminal) =>
      Terminal.make({
        ...terminal,
        display: () => Effect.void,
        readInput: Effect.gen(function* () {
          const keys = yield* Queue.make<Terminal.UserInput>()
          const key = { name: answer, ctrl: false, meta: false, shift: false }
          if (answer === "quit") yield* Queue.end(keys as never)
          else yield* Queue.offer(keys, { input: Option.some(answer), key })
          return keys as never
        })
      })
    )
  ).pipe(Layer.provide(NodeServices.layer))

describe("moco runs rm", () => {
  it("removes with --yes, and says what was freed and what was left", async () => {
    const root = fresh()
    const [gone, kept] = [writeFinishedRun(join(root, "gone")), writeFinishedRun(join(root, "kept"))]
    writeFileSync(join(kept, "notes.txt"), "mine")
    const { code, stderr, stdout } = await runInProcess("runs", "rm", gone, kept, "--yes")
    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, /left: notes\.txt, which no run writes\nremoved 2 runs: [\d.]+ kB freed\n/)
    assert.include(stdout, `${kept} is still there`)
    assert.isFalse(existsSync(gone))
    assert.deepStrictEqual(readdirSync(kept), ["notes.txt"])
  })

  it("prints one document with --json", async () => {
    const folder = writeFinishedRun(fresh())
    const { stdout } = await runInProcess("runs", "rm", folder, "--yes", "--json")
    assert.deepInclude(decode(RemovedRuns, stdout).runs[0], { path: folder, isGone: true, left: [] })
  })

  it("without a terminal needs --yes", async () => {
    const folder = writeFinishedRun(fresh())
    const { code, stderr } = await runInProcess("runs", "rm", folder)
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "no terminal to ask on", "give --yes")
    assert.isTrue(existsSync(join(folder, "config.json")))
  })

  for (const [answer, isGone] of [
    ["y", true],
    ["n", false],
    ["quit", false]
  ] as const) {
    it(`asks on a terminal, and after ${answer} ${isGone ? "removes" : "leaves all as it was"}`, async () => {
      const folder = writeFinishedRun(fresh())
      const log = readFileSync(join(folder, "metrics.jsonl"), "utf8")
      const { exit, stdout } = await rmAnswered(answer, folder)
      assert.strictEqual(existsSync(folder), !isGone)
      assert.strictEqual(exit._tag, answer === "quit" ? "Failure" : "Success")
      if (isGone) return assert.include(stdout, "removed 1 run")
      assert.deepStrictEqual(readdirSync(folder).sort(), [
        "config.json",
        "encoder.json",
        "encoder.safetensors",
        "metrics.jsonl"
      ])
      assert.strictEqual(readFileSync(join(folder, "metrics.jsonl"), "utf8"), log)
      if (answer === "n") assert.include(stdout, "nothing was removed")
    })
  }
})
