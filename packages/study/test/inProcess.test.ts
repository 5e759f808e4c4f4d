import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { DatasetCorrupt } from "@moco/data/Dataset/errors"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { ViewPairs } from "@moco/data/ViewPairs"
import { plan } from "@moco/study/Study"
import { TrialExecutor } from "@moco/study/TrialExecutor"
import { layerInProcess } from "@moco/study/TrialExecutor/inProcess"
import { layerProcesses } from "@moco/study/TrialExecutor/processes"
import { LearningRate } from "@moco/train/LearningRate"
import type { Stages } from "@moco/train/PretrainLayers"
import type { RunConfig } from "@moco/train/RunConfig"
import { filesOf } from "@moco/train/RunFolder/files"
import { read } from "@moco/train/RunLog"
import { validConfig } from "@moco/train/testing/validConfig"
import { Deferred, Effect, Exit, Fiber, FileSystem, Layer, Path } from "effect"

const config: RunConfig = {
  ...validConfig,
  data: { name: "own", evaluationSplit: "test", imageSize: 8 },
  encoder: { ...validConfig.encoder, layers: [1], width: 4, featureSize: 8, batchNormGroups: 2 },
  dictionary: { kind: "queue", size: 32 },
  training: { epochs: 2, batchSize: 16 },
  evaluations: { knn: { everyEpochs: 1, k: [5], temperature: 0.1 } }
}

const dataset = layerSynthetic({
  ...{ numTrain: 64, numTest: 24, height: 8, width: 8 },
  ...{ channels: 1, numClasses: 3, seed: 1 }
})

/** Pairs of views up to this step, and then `otherwise`. */
const upTo = (step: number, otherwise: Effect.Effect<never, DatasetCorrupt>) =>
  Layer.effect(
    ViewPairs,
    Effect.map(ViewPairs, (pairs) =>
      ViewPairs.of({ ...pairs, batch: (at) => (at < step ? pairs.batch(at) : otherwise) })
    )
  ).pipe(Layer.provide(ViewPairs.layer({ seed: 1, batchSize: 16 })))

const damaged = new DatasetCorrupt({ file: "7.png", expected: "aa", actual: "bb", hint: "take a fresh copy" })

/** The only trial of a study with these stages, run in `folder`. */
const ran = Effect.fnUntraced(function* (
  folder: string,
  stages: Stages,
  observe: (step: number) => Effect.Effect<void> = () => Effect.void
) {
  const cells = [{ settings: { a: 1 }, set: {} }]
  const { trials } = yield* plan({ name: "one", recipe: "test", seeds: [1], cells }, config, { stages })
  const [trial] = trials as [(typeof trials)[number]]
  const executor = yield* TrialExecutor
  const record = yield* Effect.uninterruptible(executor.run(trial, ({ step }) => observe(step)))
  const { metrics } = filesOf(yield* Path.Path, `${folder}/${record.runFolder}`)
  return { record, events: yield* Effect.orElseSucceed(read(metrics), () => []) }
})

/** In a folder of its own, which is there until the test ends. */
const inFolder = <E>(
  test: (folder: string) => Effect.Effect<void, E, TrialExecutor | FileSystem.FileSystem | Path.Path>,
  layer: typeof layerInProcess = layerInProcess
) =>
  Effect.gen(function* () {
    const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
    yield* Effect.provide(test(folder), layer({ folder }))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const failureOf = Effect.fnUntraced(function* (folder: string, stages: Stages) {
  const { record } = yield* ran(folder, stages)
  if (record.outcome !== "failed") return yield* Effect.die(new Error("the run has not failed"))
  const { epochs, exitCode, isFinal, reason } = record
  return { numEpochs: epochs.length, exitCode, isFinal, reason: reason.split("\n")[0]! }
})

describe("a trial in this process", () => {
  it.effect("has its record from its run log; where it has ended, it is not run again", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const first = yield* ran(folder, { dataset })
        assert.strictEqual(first.record.outcome, "completed")
        assert.deepStrictEqual(
          first.record.epochs.map(({ epoch }) => epoch),
          [1, 2]
        )
        const { events, record } = yield* ran(folder, { dataset })
        assert.deepStrictEqual(events, first.events)
        assert.deepStrictEqual({ ...record, seconds: 0, time: "" }, { ...first.record, seconds: 0, time: "" })
      })
    )
  )

  it.effect("goes on where it was stopped", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const reached = yield* Deferred.make<void>()
        const stopped = yield* Effect.forkChild(
          ran(folder, { dataset }, (step) =>
            step === 3 ? Effect.asVoid(Deferred.succeed(reached, undefined)) : Effect.void
          )
        )
        yield* Deferred.await(reached)
        yield* Fiber.interrupt(stopped)
        const exit = yield* Fiber.await(stopped)
        assert.isTrue(Exit.hasInterrupts(exit) && !Exit.hasFails(exit))
        const { events, record } = yield* ran(folder, { dataset })
        assert.strictEqual(record.outcome, "completed")
        assert.strictEqual(events.filter(({ event }) => event === "resumed").length, 1)
        assert.deepStrictEqual(
          events.flatMap((event) => (event.event === "step" ? [event.step] : [])),
          [0, 1, 2, 3, 4, 5, 6, 7]
        )
      })
    )
  )

  it.effect("that is stopped and cannot be brought to its end says so", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const reached = yield* Deferred.make<void>()
        const breaking = Layer.effectDiscard(Effect.addFinalizer(() => Effect.die(new Error("left open"))))
        const stopped = yield* Effect.forkChild(
          ran(folder, { dataset: Layer.merge(dataset, breaking) }, () =>
            Effect.asVoid(Deferred.succeed(reached, undefined))
          )
        )
        yield* Deferred.await(reached)
        yield* Fiber.interrupt(stopped)
        const error = yield* Effect.flip(Fiber.join(stopped))
        assert.strictEqual(error._tag, "StudyRecordError")
        assert.include(error.message, "left open")
      })
    )
  )

  it.effect("stops the study where a stage is wrong for every run of it", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const unlike = layerSynthetic({
          ...{ numTrain: 8, numTest: 8, height: 8, width: 8, channels: 1, numClasses: 3, seed: 1 }
        })
        const error = yield* Effect.flip(ran(folder, { dataset: unlike }))
        assert.strictEqual(error._tag, "TrialImpossible")
        assert.include(error.message, "a = 1, seed 1")
        // The first batch is damaged: no step was taken.
        const early = { dataset, viewPairs: upTo(0, Effect.fail(damaged)) }
        assert.strictEqual((yield* Effect.flip(ran(folder, early)))._tag, "TrialImpossible")
      })
    )
  )

  it.effect("has a result like any other where it fails in the middle", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(
          yield* failureOf(folder, { dataset, viewPairs: upTo(5, Effect.fail(damaged)) }),
          {
            ...{ numEpochs: 2, exitCode: 4, isFinal: false },
            reason: "7.png is damaged: its SHA-256 should be aa, it is bb"
          }
        )
      })
    )
  )

  it.effect("is over where its numbers are no longer finite", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { exitCode, isFinal } = yield* failureOf(folder, {
          dataset,
          learningRate: LearningRate.layerConstant(1e6)
        })
        assert.deepStrictEqual({ exitCode, isFinal }, { exitCode: 5, isFinal: true })
      })
    )
  )

  it.effect("tells of a bug by its exit code, and is tried again", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const bug = Effect.die(new Error("a bug"))
        const failure = yield* failureOf(folder, { dataset, viewPairs: upTo(3, bug) })
        assert.include(failure.reason, "a bug")
        assert.deepStrictEqual([failure.exitCode, failure.isFinal], [70, false])
      })
    )
  )
})

describe("a trial in a process", () => {
  it.effect("cannot have stages that are given in code", () =>
    inFolder(
      (folder) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(ran(folder, { dataset }))
          assert.strictEqual(error._tag, "TrialImpossible")
          assert.include(error.message, "dataset: given in code")
          assert.include(error.message, "layerInProcess")
        }),
      ({ folder }) => layerProcesses({ main: "/nowhere/main.ts", folder, dataDir: undefined })
    )
  )
})
