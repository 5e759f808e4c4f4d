import { readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { Diagnostics, NonFinite } from "@moco/train/Diagnostics"
import { EventFile } from "@moco/train/EventFile"
import { layerEventFile, maxSteps } from "@moco/train/EventFile/ofRun"
import * as Run from "@moco/train/Run"
import type { RunConfig } from "@moco/train/RunConfig"
import { type RunEvent, RunLog, read } from "@moco/train/RunLog"
import { tinyConfig } from "@moco/train/testing/tinyConfig"
import { Effect, Fiber, FileSystem, Layer } from "effect"
import { TestClock } from "effect/testing"
import { inTemporary } from "../inTemporary.ts"
import { withoutRoom } from "./faults.ts"
import { eventFilesIn, eventsIn, shownOf } from "./reader.ts"

/** Two epochs of 4 steps on synthetic images, evaluated after each. */
const config: RunConfig = {
  ...tinyConfig,
  training: { epochs: 2, batchSize: 16 },
  evaluations: {
    knn: { everyEpochs: 1, k: [5], temperature: 0.1 },
    pretext: { everyEpochs: 1, numImages: 24 }
  }
}
const dataset = layerSynthetic({
  ...{ numTrain: 64, numTest: 24, height: 8, width: 8 },
  ...{ channels: 1, numClasses: 3, seed: 1 }
})

const train = (source: Run.RunSource, options: Run.TrainOptions, own: Run.OpenOptions["stages"] = {}) =>
  Effect.scoped(
    Effect.flatMap(Run.open(source, { stages: { dataset, ...own } }), (run) => run.train(options))
  )

/** Interrupts a run once it has taken a step; every event takes it two seconds, so all but the last are written. */
const trainUpTo = Effect.fnUntraced(function* (step: number, folder: string) {
  const stop = yield* Effect.forkChild(Effect.never)
  const observe = (event: RunEvent) =>
    Effect.andThen(
      TestClock.adjust("2 seconds"),
      event.event === "step" && event.step === step ? Fiber.interrupt(stop) : Effect.void
    )
  const training = yield* Effect.forkChild(
    train({ config, folder }, { checkpointEvery: { steps: 4 }, observe })
  )
  yield* Fiber.await(stop)
  yield* Fiber.interrupt(training)
})

/** What the log has of a number, as TensorBoard is to show it. */
const logged = Effect.fnUntraced(function* (folder: string, key: string) {
  const events = yield* read(join(folder, "metrics.jsonl"))
  return events.flatMap((event) =>
    event.event === "step" ? [[event.step, Math.fround(event.metrics[key]!)] as const] : []
  )
})

const similarities = ["positive", "negative"].map(
  (sign) => `distribution/pretext/${sign} similarity/trained encoder`
)

const accuracy = "knn/kNN accuracy (k = 5)/trained encoder"

const loggedAccuracy = Effect.fnUntraced(function* (folder: string) {
  const events = yield* read(join(folder, "metrics.jsonl"))
  return events.flatMap((event) =>
    event.event === "evaluation"
      ? event.measurements
          .filter(({ evaluation, subject }) => evaluation === "knn" && subject === "trained encoder")
          .map(({ value }) => [event.step, Math.fround(value)] as const)
      : []
  )
})

const assertShown = Effect.fnUntraced(function* (folder: string) {
  const events = eventsIn(join(folder, "tensorboard"))
  for (const key of ["loss", "learningRate", "numTensors"]) {
    assert.deepStrictEqual(shownOf(events, `training/${key}`), yield* logged(folder, key), key)
  }
  assert.deepStrictEqual(shownOf(events, accuracy), yield* loggedAccuracy(folder))
  return events
})

describe("What TensorBoard shows of a run", () => {
  it.effect("is what its log has, of every step and every evaluation", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* train({ config, folder }, {})
          const events = yield* assertShown(folder)
          assert.strictEqual(events[0]!.version, "brain.Event:2")
          assert.lengthOf(shownOf(events, "training/loss"), 8)
          assert.deepStrictEqual(
            shownOf(events, accuracy).map(([step]) => step),
            [4, 8]
          )
          // Told once: a title is taken from the first value alone.
          const titles = events.flatMap(({ values }) =>
            values.filter(({ tag }) => tag === "training/chanceLoss")
          )
          assert.deepStrictEqual(
            titles.map(({ title }) => title),
            ["loss at chance", ...Array.from({ length: 7 }, () => undefined)]
          )
        }),
      "run"
    )
  )

  it.effect(
    "is what its log has where it was killed and goes on: what came after the checkpoint is gone",
    () =>
      inTemporary(
        (folder) =>
          Effect.gen(function* () {
            yield* trainUpTo(5, folder)
            // As after a kill: the state in which it was stopped is not saved.
            rmSync(join(folder, "checkpoints", "000000006"), { recursive: true })
            const before = shownOf(eventsIn(join(folder, "tensorboard")), "training/loss")
            assert.deepStrictEqual(
              before.map(([step]) => step),
              [0, 1, 2, 3, 4, 5]
            )
            yield* train({ resume: folder }, {})
            const events = yield* assertShown(folder)
            assert.lengthOf(eventFilesIn(join(folder, "tensorboard")), 2)
            assert.deepStrictEqual(
              events.flatMap(({ isRestart, step }) => (isRestart ? [step] : [])),
              [0, 4]
            )
            // The evaluation of the state that it goes on from is not done again, and is still shown.
            for (const tag of [accuracy, ...similarities]) {
              assert.deepStrictEqual(
                shownOf(events, tag).map(([step]) => step),
                [4, 8],
                tag
              )
            }
          }),
        "run"
      )
  )

  it.effect("is what its log has where it goes back from a number that is none", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          let numFailed = 0
          const diagnostics = Layer.effect(
            Diagnostics,
            Effect.map(Diagnostics, ({ measure }) =>
              Diagnostics.of({
                measure: (observed) => {
                  const { rate: learningRate, step } = observed
                  const none = { step, metric: "loss", where: [], value: "NaN", learningRate }
                  return step === 6 && numFailed++ === 0
                    ? Effect.fail(new NonFinite(none))
                    : measure(observed)
                }
              })
            )
          ).pipe(Layer.provide(Diagnostics.layer))
          const options = { checkpointEvery: { steps: 4 }, onNonFinite: "rollback" } as const
          yield* train({ config, folder }, options, { diagnostics })
          const events = yield* assertShown(folder)
          assert.deepStrictEqual(
            events.flatMap(({ isRestart, step }) => (isRestart ? [step] : [])),
            [0, 4]
          )
          assert.lengthOf(
            events.filter(({ values }) => values.some(({ tag }) => tag === "training/loss")),
            10
          )
        }),
      "run"
    )
  )

  it.effect("is nothing where it cannot be written: the run goes on to its end, and says so once", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          const full = withoutRoom(yield* FileSystem.FileSystem, () => true)
          const told: Array<string> = []
          const observe = () => TestClock.adjust("2 seconds")
          const { outcome } = yield* train({ config, folder }, { observe }).pipe(
            Effect.provideService(FileSystem.FileSystem, full),
            Effect.provideService(Run.RunMessages, {
              info: () => Effect.void,
              warning: (text) => Effect.sync(() => void told.push(text))
            })
          )
          assert.strictEqual(outcome, "completed")
          const about = told.filter((text) => text.includes("TensorBoard"))
          assert.lengthOf(about, 1)
          assert.include(
            about[0],
            `${folder}/tensorboard, cannot be written: no space is left on the device; the run goes on`
          )
          assert.deepStrictEqual(readdirSync(join(folder, "tensorboard")), [])
          assert.lengthOf(yield* logged(folder, "loss"), 8)
        }),
      "run"
    )
  )

  it.effect(`has a part of the steps of a run of more than ${maxSteps}, from the first on`, () =>
    inTemporary((folder) =>
      Effect.gen(function* () {
        const metrics = join(folder, "metrics.jsonl")
        yield* Effect.gen(function* () {
          const { record } = yield* RunLog
          const numSteps = 2 * maxSteps + 1
          for (let step = 0; step < 7; step++) yield* record({ ...stepEvent, numSteps, step })
          yield* record({ ...stepEvent, numSteps: 2 * maxSteps, step: 8 })
        }).pipe(
          Effect.provide(
            layerEventFile(metrics, 0).pipe(
              Layer.provide(RunLog.layerJsonLines(metrics)),
              Layer.provideMerge(EventFile.layerFolder(join(folder, "tensorboard")))
            )
          )
        )
        const events = eventsIn(join(folder, "tensorboard"))
        assert.deepStrictEqual(
          shownOf(events, "training/loss").map(([step]) => step),
          [0, 3, 6, 8]
        )
        assert.deepStrictEqual(shownOf(events, "lossState/logZ")[0], [0, 2])
      })
    )
  )
})

const stepEvent = {
  event: "step",
  epoch: 0,
  numEpochs: 1,
  metrics: { loss: 1 },
  lossState: { logZ: 2 },
  stepMs: 1
} as const
