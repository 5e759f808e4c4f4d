import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Checkpoints } from "@moco/train/Checkpoints"
import { Diagnostics, NonFinite } from "@moco/train/Diagnostics"
import { pretrain } from "@moco/train/Pretrain"
import { RecordedEvents, RunLog } from "@moco/train/RunLog"
import { RunState } from "@moco/train/RunState"
import { Effect, FileSystem, Layer } from "effect"
import { tinyRun } from "./tinyRun.ts"
import { validConfig } from "./validConfig.ts"

const settings = { numEpochs: 2, evaluateEveryEpochs: 2, onNonFinite: "rollback" } as const

/** Diagnostics that find a number which is not finite at a step, while the rate is above `limit`. */
const failingAt = (step: number, limit: number) =>
  Layer.effect(
    Diagnostics,
    Effect.map(Diagnostics, ({ look }) =>
      Diagnostics.of({
        look: (observed) =>
          observed.step === step && observed.rate > limit
            ? Effect.fail(
                new NonFinite({
                  step,
                  metric: "loss",
                  where: [],
                  value: "NaN",
                  learningRate: observed.rate
                })
              )
            : look(observed)
      })
    )
  )

/** A run at rate 0.05 with a checkpoint every 4 steps, that fails at step 10 while the rate is above `limit`. */
const run = (limit: number, every = 4) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const root = yield* fileSystem.makeTempDirectoryScoped()
      const fingerprint = {
        backend: "tensorflow",
        version: "2",
        device: "cpu",
        threads: 2,
        oneDnn: "",
        cpuFeatures: [],
        node: "v22"
      }
      const checkpoints = Checkpoints.layerFolder({
        root,
        every: { steps: every },
        keep: 3,
        config: validConfig,
        fingerprint,
        onCorrupt: () => Effect.void
      })
      const stages = Layer.provideMerge(
        tinyRun({ learningRate: 0.05 }),
        Backend.layerTensorflow({ threads: 2 })
      )
      return checkpoints.pipe(
        Layer.provideMerge(RunState.layer),
        Layer.provideMerge(RunLog.layerMemory),
        Layer.provideMerge(failingAt(10, limit)),
        Layer.provideMerge(stages)
      )
    })
  ).pipe(Layer.provideMerge(NodeServices.layer))

const recorded = Effect.flatMap(RecordedEvents, ({ all }) => all)

describe("a rollback", () => {
  it.effect(
    "goes back to the last checkpoint and on at half the learning rate, and the log has each step once",
    () =>
      Effect.gen(function* () {
        yield* pretrain(settings)
        const events = yield* recorded
        const steps = events.flatMap((event) => (event.event === "step" ? [event] : []))
        assert.deepStrictEqual(
          steps.map(({ step }) => step),
          Array.from({ length: 16 }, (_, i) => i)
        )
        assert.deepStrictEqual(
          events.flatMap((event) =>
            event.event === "rolledBack" ? [[event.step, event.failedStep, event.rateFactor]] : []
          ),
          [[8, 10, 0.5]]
        )
        assert.closeTo(steps[7]!.learningRate, 0.05, 1e-12)
        assert.closeTo(steps[8]!.learningRate, 0.025, 1e-12)
        assert.closeTo(steps[15]!.learningRate, 0.025, 1e-12)
      }).pipe(Effect.provide(run(0.03)))
  )

  it.effect("halves again until the numbers are finite", () =>
    Effect.gen(function* () {
      yield* pretrain(settings)
      const last = (yield* recorded).findLast((event) => event.event === "step")
      assert.closeTo(last!.learningRate, 0.05 / 8, 1e-12)
    }).pipe(Effect.provide(run(0.007)))
  )

  it.effect("gives up after five times, with the error of the step", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(pretrain(settings))
      assert.strictEqual(error._tag, "NonFinite")
      assert.include(error.message, "loss is NaN in step 10")
    }).pipe(Effect.provide(run(0)))
  )

  it.effect("is no help before the first checkpoint, and is not asked for by default", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(pretrain(settings)))._tag, "NonFinite")
    }).pipe(Effect.provide(run(0.03, 1000)), (early) =>
      Effect.andThen(
        early,
        Effect.gen(function* () {
          const error = yield* Effect.flip(pretrain({ numEpochs: 2, evaluateEveryEpochs: 2 }))
          assert.strictEqual(error._tag, "NonFinite")
        }).pipe(Effect.provide(run(0.03)))
      )
    )
  )
})
