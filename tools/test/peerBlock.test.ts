import { spawnSync } from "node:child_process"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber } from "effect"
import { resultIn, runBlock } from "../peer/Block.ts"
import * as ForeignLoad from "../peer/ForeignLoad.ts"

const result = { imagesPerSecond: 64, stepMs: { median: 1000, min: 900, max: 1200 }, peakRssMiB: 512.5 }

/** A block that is a program of the test's own. */
const runScript = (script: string, environment: Readonly<Record<string, string>> = {}) =>
  Effect.provide(
    runBlock({ program: process.execPath, args: ["-e", script] }, environment),
    NodeServices.layer
  )

const reasonOf = (script: string) => Effect.map(Effect.flip(runScript(script)), ({ reason }) => reason)

describe("a block", () => {
  it.live("gives the figures of its last line, whatever it prints before and beside it", () =>
    Effect.gen(function* () {
      const line = JSON.stringify({ ...result, gflops: 3, torch: "2.13.0+cpu" })
      const script = `console.error("a warning"); console.log("[1, 2]\\n" + '${line}')`
      assert.deepStrictEqual(yield* runScript(script), { ...result, gflops: 3 })
    })
  )

  it.live("finds the environment that was made for it, and the user's", () =>
    Effect.gen(function* () {
      const script = `
        const { HOME, OMP_NUM_THREADS, FORCE_COLOR } = process.env
        const stepMs = { median: Number(OMP_NUM_THREADS), min: HOME === undefined ? 2 : 1, max: FORCE_COLOR ? 2 : 1 }
        console.log(JSON.stringify({ ...${JSON.stringify(result)}, stepMs }))`
      process.env["FORCE_COLOR"] = "true"
      const { stepMs } = yield* runScript(script, { OMP_NUM_THREADS: "7" })
      assert.deepStrictEqual(stepMs, { median: 7, min: 1, max: 1 })
    })
  )

  it.live("that ends badly is told by its exit code and last words", () =>
    Effect.gen(function* () {
      const reason = yield* reasonOf('console.error("no room\\nfor the queue"); process.exitCode = 3')
      assert.strictEqual(reason, "it ended with exit code 3\n  | no room\n  | for the queue")
    })
  )

  it.live("that is killed is told so", () =>
    Effect.gen(function* () {
      assert.include(yield* reasonOf('process.kill(process.pid, "SIGKILL")'), "lack of memory")
      assert.include(yield* reasonOf('process.kill(process.pid, "SIGSEGV")'), "SIGSEGV")
    })
  )

  it.live("whose program there is not is told so", () =>
    Effect.gen(function* () {
      const block = runBlock({ program: "no-such-program", args: [] }, {})
      const { reason } = yield* Effect.flip(Effect.provide(block, NodeServices.layer))
      assert.include(reason, "no-such-program")
    })
  )

  for (const signal of ["SIGINT", "SIGTERM"]) {
    it.live(`that was stopped by ${signal} stops the comparison`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(runScript(`process.kill(process.pid, "${signal}")`))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      })
    )
  }

  it.live("that ends as a stopped program does stops the comparison", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(runScript("process.exit(130)"))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    })
  )

  const deaf = 'process.on("SIGTERM", () => {});'
  for (const [title, first] of [
    ["ends with what measures it", ""],
    ["ends so even where it does not listen", deaf]
  ] as const) {
    it.live(title, () =>
      Effect.gen(function* () {
        const mark = `${title.replaceAll(" ", "-")}-${process.pid}`
        const isRunning = () => spawnSync("pgrep", ["-f", mark]).status === 0
        const fiber = yield* Effect.forkChild(runScript(`${first} setInterval(() => "${mark}", 1000)`))
        while (!isRunning()) yield* Effect.sleep("20 millis")
        // By now it has got to its first line.
        yield* Effect.sleep("1 second")
        yield* Fiber.interrupt(fiber)
        assert.isFalse(isRunning())
      })
    )
  }
})

describe("a block's last line", () => {
  const cases = [
    ["is not there", "\n", ["nothing"]],
    ["is no JSON", "done", ["no JSON", "done"]],
    ["has no figures", "[]", ["1 problem", "its last line"]],
    [
      "lacks some, and has some that cannot be",
      JSON.stringify({ ...result, imagesPerSecond: -1, stepMs: { median: 1, min: "1" }, peakRssMiB: null }),
      [
        "4 problems",
        "imagesPerSecond = -1: must be greater than 0",
        "stepMs.max: is missing",
        'stepMs.min = "1": must be a number',
        "peakRssMiB = null: must be a number"
      ]
    ]
  ] as const
  for (const [title, line, words] of cases) {
    it.effect(`says so where it ${title}`, () =>
      Effect.gen(function* () {
        const { reason } = yield* Effect.flip(resultIn(`before\n${line}`.replace(/^before\n\n$/, "\n")))
        for (const word of words) assert.include(reason, word)
      })
    )
  }
})

describe.runIf(process.platform === "linux")("the load of others", () => {
  const load = Effect.provide(ForeignLoad.sample, NodeServices.layer)

  it.live("does not hold what a block's own processes did, those that have ended among them", () =>
    Effect.gen(function* () {
      const before = (yield* load)!
      // A second of the processor, in a process of a process.
      const busy = "const end = performance.now() + 1000; while (performance.now() < end);"
      const inner = `require("child_process").execFileSync(process.execPath, ["-e", ${JSON.stringify(busy)}])`
      yield* runScript(`${inner}; console.log('${JSON.stringify(result)}')`)
      const after = (yield* load)!
      assert.isAbove(after.own - before.own, 30)
      assert.isAtLeast(after.busy - before.busy, 30)
      assert.isAbove(after.at - before.at, 900)
    })
  )

  it.live("is looked at before, during and after", () =>
    Effect.gen(function* () {
      const watched = ForeignLoad.watch(Effect.as(Effect.sleep("300 millis"), "done"), 50)
      const { load, value } = yield* Effect.provide(watched, NodeServices.layer)
      assert.strictEqual(value, "done")
      for (const share of Object.values(load)) assert.isTrue(share !== null && share >= 0 && share <= 1)
    })
  )
})
