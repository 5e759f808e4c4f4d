import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { start } from "../watch-cost/Program.ts"
import { readPage } from "../watch-cost/readPage.ts"

const script = (source: string) => start(process.execPath, ["-e", source])

/** What a program says first. */
const said = Effect.fnUntraced(function* (program: { readonly said: () => string }) {
  while (program.said() === "") yield* Effect.sleep("10 millis")
  return program.said()
})

describe("a program that is measured", () => {
  it.live("is told by its command, exit code and last words where it ends before", () =>
    Effect.gen(function* () {
      const program = yield* script('console.error("no room\\nfor the queue"); process.exitCode = 3')
      const { message } = yield* Effect.flip(program.whileRunning(Effect.never))
      const [words, ...last] = message.split("\n")
      assert.include(words, "-e console.error(")
      assert.include(message, "ended with exit code 3 before it was measured\n")
      assert.deepStrictEqual(last.slice(-2), ["  | no room", "  | for the queue"])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("that was asked to stop is no error: so was the tool", () =>
    Effect.gen(function* () {
      const program = yield* script("process.exitCode = 130")
      const exit = yield* Effect.exit(program.whileRunning(Effect.never))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("is stopped, and has ended, when its scope closes", () =>
    Effect.gen(function* () {
      const source = "console.log(process.pid); setInterval(() => {}, 1000)"
      const pid = yield* Effect.scoped(Effect.flatMap(script(source), said))
      assert.throws(() => process.kill(Number(pid), 0), "ESRCH")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("gives what is done meanwhile", () =>
    Effect.gen(function* () {
      const program = yield* script('console.log("here"); setInterval(() => {}, 1000)')
      assert.strictEqual(yield* program.whileRunning(said(program)), "here\n")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

describe("the page that is read", () => {
  /** What reading gives where so is answered. */
  const reading = (answer: RequestListener) =>
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(
        Effect.promise(async () => {
          const listening = createServer(answer)
          await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve))
          return listening
        }),
        (listening) => Effect.sync(() => listening.close())
      )
      const received = { bytes: 0 }
      yield* readPage(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received)
      return received.bytes
    }).pipe(Effect.scoped)
  const refusal = (answer: RequestListener) =>
    Effect.map(Effect.flip(reading(answer)), ({ message }) => message)

  it.live("is counted", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* reading((_, response) => response.end("12345")), 5)
    })
  )

  it.live("must be one: another status, no byte and no answer are errors that say where", () =>
    Effect.gen(function* () {
      const missing = yield* refusal((_, response) => response.writeHead(404).end("not here"))
      assert.match(missing, /^http:\/\/127\.0\.0\.1:\d+\/ cannot be read: .*status 404$/)
      assert.match(yield* refusal((_, response) => response.end()), /it is empty$/)
      assert.match(yield* refusal((_, response) => response.destroy()), /fetch failed$/)
    })
  )
})
