import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { RecordedEvents, RunLog, read } from "@moco/train/RunLog"
import { Effect, FileSystem } from "effect"

const resumed = (step: number) => ({ event: "resumed", step }) as const

describe("a run log that is cut", () => {
  it.effect(
    "is never made longer by a position behind its end, which a checkpoint from elsewhere may name",
    () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const file = `${yield* fileSystem.makeTempDirectoryScoped()}/metrics.jsonl`
        yield* Effect.gen(function* () {
          const { flush, record, truncate } = yield* RunLog
          yield* record(resumed(1))
          const end = yield* flush
          yield* truncate(1_000_000)
          assert.strictEqual(yield* flush, end)
          yield* record(resumed(2))
        }).pipe(Effect.provide(RunLog.layerJsonLines(file)))
        assert.deepStrictEqual(
          (yield* read(file)).map(({ step }) => step),
          [1, 2]
        )
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  const told = [
    resumed(1),
    { event: "initialised", step: 0, source: "a", sha256: "0", taken: 3, headLeftOut: [] },
    resumed(2),
    { event: "rolledBack", step: 1, failedStep: 2, reason: "loss is NaN", rateFactor: 0.5 },
    {
      event: "configChanged",
      step: 2,
      epoch: 0,
      changes: [{ path: "optimizer.learningRate", before: "0.1", now: "0.01" }],
      schedule: "constant",
      learningRate: { before: 0.1, now: 0.01 }
    }
  ] as const

  /** The events that are left, by their names, once all but the first were cut and one more was recorded. */
  const cut = Effect.gen(function* () {
    const { flush, record, truncate } = yield* RunLog
    yield* record(told[0])
    const position = yield* flush
    yield* Effect.forEach(told.slice(1), record, { discard: true })
    yield* truncate(position)
    yield* record(resumed(3))
    return yield* flush
  })
  const left = ["resumed", "initialised", "rolledBack", "configChanged", "resumed"]

  it.effect(
    "keeps with which weights the run has begun, that it has gone back, and that its config has changed",
    () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const file = `${yield* fileSystem.makeTempDirectoryScoped()}/metrics.jsonl`
        const end = yield* Effect.provide(cut, RunLog.layerJsonLines(file))
        // Where the log says that it ends, it ends: a checkpoint has that place, and the next cut is made there.
        assert.strictEqual(end, (yield* fileSystem.readFile(file)).length)
        assert.deepStrictEqual(
          (yield* read(file)).map(({ event }) => event),
          left
        )
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("keeps them in memory as well", () =>
    Effect.gen(function* () {
      yield* cut
      const events = yield* (yield* RecordedEvents).all
      assert.deepStrictEqual(
        events.map(({ event }) => event),
        left
      )
    }).pipe(Effect.provide(RunLog.layerMemory))
  )
})
