import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { type RunEvent, RunLog } from "@moco/train/RunLog"
import { Effect, FileSystem, Layer } from "effect"
import { layerEncoderLast } from "../src/Run/encoderLast.ts"

const finished = (outcome: "completed" | "interrupted"): RunEvent => ({
  ...{ event: "finished", step: 1, epoch: 0, outcome },
  ...{ trainingSeconds: 1, evaluationSeconds: 1 }
})

describe("An encoder that was exported before a run's end", () => {
  it.effect("is gone before the log says that the run has ended, and not before", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const folder = yield* fileSystem.makeTempDirectoryScoped()
      const exported = ["encoder.json", "encoder.safetensors"].map((name) => join(folder, name))
      for (const file of exported) writeFileSync(file, "of a shorter run")
      const left: Array<ReadonlyArray<boolean>> = []
      const below = Layer.effect(
        RunLog,
        Effect.map(RunLog, (log) =>
          RunLog.of({ ...log, record: () => Effect.sync(() => void left.push(exported.map(existsSync))) })
        )
      ).pipe(Layer.provide(RunLog.layerMemory))
      yield* Effect.gen(function* () {
        const { record } = yield* RunLog
        for (const event of [{ event: "resumed", step: 1 } as const, finished("interrupted")]) {
          yield* record(event)
        }
        yield* record(finished("completed"))
        // Where there is none, as at the end of most runs, nothing is missing.
        yield* record(finished("completed"))
      }).pipe(Effect.provide(layerEncoderLast(...exported).pipe(Layer.provide(below))))
      const [both, none] = [
        [true, true],
        [false, false]
      ]
      assert.deepStrictEqual(left, [both, both, none, none])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
