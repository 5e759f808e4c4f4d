import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { RunLog, read } from "@moco/train/RunLog"
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
})
