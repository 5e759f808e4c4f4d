import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { load, newestGood } from "@moco/train/Checkpoint/load"
import { type CheckpointEvery, Checkpoints } from "@moco/train/Checkpoints"
import { Diagnostics, NonFinite } from "@moco/train/Diagnostics"
import { pretrain } from "@moco/train/Pretrain"
import { continuation, progressUnder } from "@moco/train/RunConfig/continuation"
import { RecordedEvents, RunLog } from "@moco/train/RunLog"
import { RunState } from "@moco/train/RunState"
import { sampleFingerprint, sampleManifest } from "@moco/train/testing"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, FileSystem, Layer } from "effect"
import { tinyRun } from "./tinyRun.ts"

const settings = { numEpochs: 2, onNonFinite: "rollback" } as const

/** Diagnostics that find a number which is not finite at a step, while the rate is above `limit`. */
const failingAt = (step: number, limit: number) =>
  Layer.effect(
    Diagnostics,
    Effect.map(Diagnostics, ({ measure }) =>
      Diagnostics.of({
        measure: (observed) =>
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
            : measure(observed)
      })
    )
  )

/** A run with a checkpoint every 4 steps, that fails at step 10 while the rate is above `limit`. */
const run = (
  limit: number,
  every: CheckpointEvery = { steps: 4 },
  folder?: string,
  learningRate = 0.05,
  failingStep = 10
) =>
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
      const stages = Layer.provideMerge(tinyRun({ learningRate }), Backend.layerTensorflow({ threads: 2 }))
      return checkpoints.pipe(
        Layer.provideMerge(RunState.layer),
        Layer.provideMerge(RunLog.layerMemory),
        Layer.provideMerge(failingAt(failingStep, limit)),
        Layer.provideMerge(stages)
      )
    })
  ).pipe(Layer.provideMerge(NodeServices.layer))

/** The returns of a run, those too that a later one has cut from the log: where to, from which step, the rate then. */
const returnsOf = Effect.fnUntraced(function* <A, E, R>(run: Effect.Effect<A, E, R>) {
  const returns: Array<readonly [number, number, number]> = []
  yield* Effect.exit(
    Effect.updateService(run, RunLog, (log) => ({
      ...log,
      record: (event) => {
        if (event.event === "rolledBack") returns.push([event.step, event.failedStep, event.rateFactor])
        return log.record(event)
      }
    }))
  )
  return returns
})

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
        assert.closeTo(steps[7]!.metrics["learningRate"]!, 0.05, 1e-12)
        assert.closeTo(steps[8]!.metrics["learningRate"]!, 0.025, 1e-12)
        assert.closeTo(steps[15]!.metrics["learningRate"]!, 0.025, 1e-12)
      }).pipe(Effect.provide(run(0.03)))
  )

  it.effect(
    "goes one further back where that state fails again, each time at half the rate that failed",
    () =>
      Effect.gen(function* () {
        const returns = yield* returnsOf(pretrain(settings))
        // The second time, 8 is another state: it was reached from 4 at a lower rate.
        assert.deepStrictEqual(returns, [
          [8, 10, 0.5],
          [4, 10, 0.25],
          [8, 10, 0.125]
        ])
        const last = (yield* recorded).findLast((event) => event.event === "step")
        assert.closeTo(last!.metrics["learningRate"]!, 0.05 / 8, 1e-12)
      }).pipe(Effect.provide(run(0.007)))
  )

  it.effect("goes back to the state of a failed step never, though a checkpoint was made there", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* returnsOf(pretrain(settings)), [[5, 10, 0.5]])
    }).pipe(Effect.provide(run(0.03, { steps: 5 })))
  )

  it.effect("goes back to the beginning in the end, and from there on by tenths", () =>
    Effect.gen(function* () {
      const returns = yield* returnsOf(pretrain(settings))
      assert.deepStrictEqual(
        returns.map(([step, failedStep]) => [step, failedStep]),
        [
          [6, 10],
          [0, 10],
          [6, 10],
          [0, 10]
        ]
      )
      returns.forEach(([, , rateFactor], i) => {
        assert.closeTo(rateFactor, [0.5, 0.25, 0.125, 0.0125][i]!, 1e-12)
      })
    }).pipe(Effect.provide(run(0.001, { steps: 6 })))
  )

  it.effect("where there is no checkpoint begins anew, as a run at that rate does", () =>
    Effect.gen(function* () {
      const losses = Effect.map(recorded, (events) =>
        events.flatMap((event) => (event.event === "step" ? [event.metrics["loss"]] : []))
      )
      const rolledBack = yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* returnsOf(pretrain(settings)), [[0, 10, 0.5]])
        return yield* losses
      }).pipe(Effect.provide(run(0.03, {})))
      const slow = yield* Effect.andThen(pretrain(settings), losses).pipe(
        Effect.provide(run(1, {}, undefined, 0.025))
      )
      assert.strictEqual(rolledBack.length, 16)
      assert.deepStrictEqual(rolledBack, slow)
    })
  )

  it.effect("gives up after twenty times, with the error of the step and what was tried", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(pretrain(settings))
      assert.strictEqual(error._tag, "NonFinite")
      assert.include(error.message, "loss is NaN in step 10")
      assert.include(error.message, "going back 20 times, at lower and lower rates, did not help")
    }).pipe(Effect.provide(run(0)))
  )

  it.effect("gives up at once where the first step fails at two rates: no rate has a part in it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* returnsOf(pretrain(settings)), [[0, 0, 0.5]])
    }).pipe(Effect.provide(run(0, {}, undefined, undefined, 0)))
  )

  it.effect(
    "is not asked for by default: the run stops, and its newest checkpoint is not the failed state",
    () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const root = yield* fileSystem.makeTempDirectoryScoped()
        yield* Effect.gen(function* () {
          const error = yield* Effect.flip(pretrain({ numEpochs: 2 }))
          assert.strictEqual(error._tag, "NonFinite")
          assert.include(error.message, "--resume=RUN --on-nan=rollback")
          assert.include(error.message, "--resume=RUN --set optimizer.learningRate=0.025")
        }).pipe(Effect.provide(run(0.03, { steps: 5 }, root)))
        assert.deepStrictEqual((yield* fileSystem.readDirectory(root)).toSorted(), [
          "000000005",
          "000000010.failed"
        ])
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect(
    "leads a run whose weights a rate of a million has driven out of range to its end, all finite",
    () =>
      Effect.gen(function* () {
        const returns = yield* returnsOf(pretrain(settings))
        assert.isAbove(returns.length, 0)
        // Fails where a number of the state is none.
        yield* (yield* RunState).capture
        assert.strictEqual((yield* recorded).at(-1)?.event, "finished")
      }).pipe(Effect.provide(run(Number.POSITIVE_INFINITY, { steps: 1 }, undefined, 1e6)))
  )

  it.effect("takes the steps that a run takes which goes on from that checkpoint at half the rate", () =>
    Effect.gen(function* () {
      const root = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const losses = Effect.map(recorded, (events) =>
        events.flatMap((event) => (event.event === "step" && event.step >= 8 ? [event.metrics["loss"]] : []))
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
      const services = yield* Effect.context<NodeServices.NodeServices>()
      const found: Array<unknown> = []
      const watching = Effect.updateService(Diagnostics, ({ measure }) => ({
        measure: (observed) =>
          Effect.gen(function* () {
            const newest = yield* Effect.orDie(newestGood(root, () => Effect.void))
            const { rateFactor, rollbacks, step, triedStates } =
              newest?.manifest.progress ?? ({ step: -1 } as never)
            if (observed.step === step && rollbacks > 0)
              found.push({ step, rateFactor, rollbacks, triedStates })
            return yield* measure(observed)
          }).pipe(Effect.provide(services))
      }))
      yield* watching(pretrain(settings)).pipe(Effect.provide(run(0.02, { steps: 8 }, root)))
      assert.deepStrictEqual(found, [
        { step: 8, rateFactor: 0.5, rollbacks: 1, triedStates: [8] },
        { step: 0, rateFactor: 0.25, rollbacks: 2, triedStates: [0] }
      ])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

describe("a run that goes on at another learning rate", () => {
  it("is rid of the factor and of the tries of the old one, and of nothing else", () => {
    const manifest = sampleManifest(validConfig, 8)
    const progress = { ...manifest.progress, rateFactor: 0.25, rollbacks: 2, triedStates: [0] }
    const at = (learningRate: number) => ({
      ...validConfig,
      optimizer: { ...validConfig.optimizer, learningRate }
    })
    const { learningRate } = validConfig.optimizer
    assert.deepStrictEqual(progressUnder(at(learningRate), validConfig, progress), progress)
    assert.deepStrictEqual(progressUnder(at(learningRate / 2), validConfig, progress), {
      ...manifest.progress,
      rateFactor: 1,
      rollbacks: 0
    })
  })

  it("is told the rate of the next step, before and now", () => {
    const now = { ...validConfig, optimizer: { ...validConfig.optimizer, learningRate: 0.01 } }
    const change = continuation(validConfig, now, { step: 0, rateFactor: 0.25 }, 10)!
    assert.deepStrictEqual(change.learningRate, {
      before: 0.25 * validConfig.optimizer.learningRate,
      now: 0.01
    })
  })
})
