import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { load } from "@moco/train/Checkpoint/load"
import { type CheckpointEvery, Checkpoints } from "@moco/train/Checkpoints"
import { Diagnostics, NonFinite } from "@moco/train/Diagnostics"
import { pretrain } from "@moco/train/Pretrain"
import { RecordedEvents, RunLog } from "@moco/train/RunLog"
import { RunState } from "@moco/train/RunState"
import { sampleFingerprint } from "@moco/train/testing"
import { Effect, FileSystem, Layer } from "effect"
import { TestClock } from "effect/testing"
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
const run = (limit: number, every: CheckpointEvery = { steps: 4 }, folder?: string) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const root = folder ?? (yield* fileSystem.makeTempDirectoryScoped())
      const checkpoints = Checkpoints.layerFolder({
        root,
        every,
        keep: 10,
        config: validConfig,
        fingerprint: sampleFingerprint,
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
    }).pipe(Effect.provide(run(0.03, { steps: 1000 })), (early) =>
      Effect.andThen(
        early,
        Effect.gen(function* () {
          const error = yield* Effect.flip(pretrain({ numEpochs: 2, evaluateEveryEpochs: 2 }))
          assert.strictEqual(error._tag, "NonFinite")
        }).pipe(Effect.provide(run(0.03)))
      )
    )
  )

  it.effect("takes the steps that a run takes which goes on from that checkpoint at half the rate", () =>
    Effect.gen(function* () {
      const root = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const losses = Effect.map(recorded, (events) =>
        events.flatMap((event) => (event.event === "step" && event.step >= 8 ? [event.loss] : []))
      )
      const rolledBack = yield* Effect.andThen(pretrain(settings), losses).pipe(
        Effect.provide(run(0.03, undefined, root))
      )
      const { manifest, parts } = yield* load(`${root}/000000008`)
      const continued = yield* Effect.gen(function* () {
        yield* (yield* RunState).restore({ parts, counters: manifest.counters })
        yield* pretrain({ ...settings, from: { ...manifest.progress, rateFactor: 0.5 } })
        return yield* losses
      }).pipe(Effect.provide(run(1)))
      assert.strictEqual(rolledBack.length, 8)
      assert.deepStrictEqual(rolledBack, continued)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("is on disk before the next step, with the rate and how often it was done", () =>
    Effect.gen(function* () {
      const root = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const ticking = Effect.updateService(Diagnostics, ({ look }) => ({
        look: (observed) => Effect.andThen(TestClock.adjust("7 seconds"), look(observed))
      }))
      // Due after 21, 42 and 63 seconds, which is after step 9, and there not again for another 20.
      const events = yield* Effect.andThen(ticking(pretrain(settings)), recorded).pipe(
        Effect.provide(run(0.02, { seconds: 20 }, root))
      )
      const back = events.flatMap((event) => (event.event === "rolledBack" ? [event.step] : []))
      assert.deepStrictEqual(back, [9, 9])
      const { manifest } = yield* load(`${root}/000000009`)
      assert.deepInclude(manifest.progress, { step: 9, rateFactor: 0.25, rollbacks: 2 })
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
