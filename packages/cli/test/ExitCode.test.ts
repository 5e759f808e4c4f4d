import { assert, describe, it } from "@effect/vitest"
import { BackendUnavailable } from "@moco/core/Backend"
import { SafetensorsMalformed } from "@moco/core/Safetensors"
import { TensorError } from "@moco/core/Tensor"
import { DatasetCorrupt, DatasetMissing } from "@moco/data/Dataset"
import { NonFinite } from "@moco/train/Diagnostics"
import { FixtureUnusable } from "@moco/train/Parity/Fixture"
import { ConfigInvalid } from "@moco/train/RunConfig"
import { RunFolderOccupied } from "@moco/train/RunFolder"
import { RunLogError } from "@moco/train/RunLog"
import { Cause, Effect, Exit } from "effect"
import { TestConsole } from "effect/testing"
import { type ExpectedError, exitCodeOf, report } from "../src/ExitCode.ts"

const hint = "do this"
const families: ReadonlyArray<readonly [number, ExpectedError]> = [
  [2, new ConfigInvalid({ problems: [{ path: "seed", value: "-1", problem: "is too small", hint }] })],
  [3, new DatasetMissing({ dataset: "fashion-mnist", file: "train-images", searched: ["data"], hint })],
  [3, new FixtureUnusable({ where: "fixture.json", problem: "is not there" })],
  [4, new DatasetCorrupt({ file: "images", expected: "aa", actual: "bb", hint })],
  [4, new SafetensorsMalformed({ where: "header", problem: "is too long" })],
  [5, new NonFinite({ step: 3, metric: "loss", where: [], value: "NaN", learningRate: 0.1 })],
  [6, new BackendUnavailable({ backend: "tensorflow", hint, cause: new Error("no binding") })],
  [6, new TensorError({ operation: "Queue.init", cause: new Error("out of memory") })],
  [6, new RunFolderOccupied({ path: "runs/a-1", holds: "config.json" })],
  [6, new RunLogError({ operation: "written", path: "metrics.jsonl", reason: "the disk is full", hint })]
]

describe("ExitCode", () => {
  for (const [code, error] of families) {
    it(`is ${code} for ${error._tag}`, () => {
      assert.strictEqual(exitCodeOf(Exit.fail(error), undefined), code)
    })
  }

  it("is 129, 130 or 143 for an interruption, by the signal", () => {
    assert.strictEqual(exitCodeOf(Exit.interrupt(1), "SIGHUP"), 129)
    assert.strictEqual(exitCodeOf(Exit.interrupt(1), "SIGINT"), 130)
    assert.strictEqual(exitCodeOf(Exit.interrupt(1), "SIGTERM"), 143)
  })

  it("is that of what failed, and not the signal's, where an interrupted program has lost something", () => {
    const [nonFinite, log] = [5, 9].map((index) => Cause.fail(families[index]![1]))
    const stopped = Cause.combine(Cause.interrupt(1), log!)
    assert.strictEqual(exitCodeOf(Exit.failCause(stopped), "SIGINT"), 6)
    // Of several failures the first one is the reason of the others.
    assert.strictEqual(exitCodeOf(Exit.failCause(Cause.combine(nonFinite!, log!)), undefined), 5)
    assert.strictEqual(exitCodeOf(Exit.failCause(Cause.combine(stopped, Cause.die("bug"))), "SIGINT"), 70)
  })

  it.effect("tells everything that failed, the same words once", () =>
    Effect.gen(function* () {
      const [first, second] = [families[6]![1], families[9]![1]]
      const causes = [Cause.interrupt(1), Cause.fail(first), Cause.fail(second), Cause.fail(second)]
      yield* report(causes.reduce((all, cause) => Cause.combine(all, cause)))
      yield* report(Cause.interrupt(1))
      assert.deepStrictEqual(yield* TestConsole.errorLines, [
        `error: ${first.message}`,
        `error: ${second.message}`
      ])
    }).pipe(Effect.provide(TestConsole.layer))
  )

  it("is 70 for a bug and 0 for success", () => {
    assert.strictEqual(exitCodeOf(Exit.die(new Error("bug")), undefined), 70)
    assert.strictEqual(exitCodeOf(Exit.fail("no error of ours"), undefined), 70)
    assert.strictEqual(exitCodeOf(Exit.succeed(1), undefined), 0)
  })

  it.effect("tells an expected error by its message alone and a bug with its stack", () =>
    Effect.gen(function* () {
      yield* report(Cause.fail(families[5]![1]))
      yield* report(Cause.die(new Error("bug")))
      const [expected, bug] = (yield* TestConsole.errorLines).map(String)
      assert.include(expected, "error: loss is NaN in step 3")
      assert.notInclude(expected, "    at ")
      assert.include(bug, "    at ")
      assert.include(bug, "report")
    }).pipe(Effect.provide(TestConsole.layer))
  )
})
