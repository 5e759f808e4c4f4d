import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { DatasetCorrupt } from "@moco/data/Dataset/errors"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { ViewPairs } from "@moco/data/ViewPairs"
import { layerInProcess } from "@moco/study/TrialExecutor/inProcess"
import { LearningRate } from "@moco/train/LearningRate"
import type { Stages } from "@moco/train/PretrainLayers"
import { Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { dataset, inFolder as inFolderWith, ran } from "./oneTrial.ts"

const inFolder = (test: Parameters<typeof inFolderWith>[0]) => inFolderWith(test, layerInProcess)

/** No batch can be drawn from them. */
const tooFew = layerSynthetic({
  ...{ numTrain: 8, numTest: 8, height: 8, width: 8 },
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

  it.effect("that is stopped and cannot save what it has says so", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const reached = yield* Deferred.make<void>()
        const stopped = yield* Effect.forkChild(
          ran(folder, { dataset }, () =>
            Effect.suspend(() => {
              rmSync(`${folder}/runs`, { recursive: true, force: true })
              return Effect.asVoid(Deferred.succeed(reached, undefined))
            })
          )
        )
        yield* Deferred.await(reached)
        yield* Fiber.interrupt(stopped)
        const error = yield* Effect.flip(Fiber.join(stopped))
        assert.strictEqual(error._tag, "StudyRecordError")
        assert.include(error.message, "was removed, moved or replaced while it was in use")
        assert.include(error.message, "the same study goes on with it")
      })
    )
  )

  it.effect("says all that has failed, as a process does", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const lost = Effect.suspend(() => {
          rmSync(`${folder}/runs`, { recursive: true, force: true })
          return Effect.fail(damaged)
        })
        const error = yield* Effect.flip(ran(folder, { dataset, viewPairs: upTo(5, lost) }))
        assert.include(error.message, "7.png is damaged")
        assert.match(error.message, /\n +error: the checkpoint .* was removed, moved or replaced/)
      })
    )
  )

  it.effect("stops the study where a stage is wrong for every run of it", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(ran(folder, { dataset: tooFew }))
        assert.strictEqual(error._tag, "TrialImpossible")
        assert.include(error.message, "a = 1, seed 1")
        // The first batch is damaged: no step was taken.
        const early = { dataset, viewPairs: upTo(0, Effect.fail(damaged)) }
        assert.strictEqual((yield* Effect.flip(ran(folder, early)))._tag, "TrialImpossible")
      })
    )
  )

  it.effect("that has left a checkpoint or a log was possible, whatever keeps it from going on", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const early = { dataset, viewPairs: upTo(0, Effect.fail(damaged)) }
        const { record } = yield* ran(folder, { dataset, viewPairs: upTo(5, Effect.fail(damaged)) })
        const run = `${folder}/${record.runFolder}`
        // Without its log there is no step to be seen, and its checkpoints tell of some.
        rmSync(`${run}/metrics.jsonl`)
        assert.strictEqual((yield* failureOf(folder, early)).exitCode, 4)
        rmSync(run, { recursive: true })
        assert.strictEqual((yield* Effect.flip(ran(folder, early)))._tag, "TrialImpossible")
        writeFileSync(`${run}/metrics.jsonl`, "no event\n")
        assert.strictEqual((yield* failureOf(folder, { ...early, dataset: tooFew })).exitCode, 2)
      })
    )
  )

  it.effect("has failed by the code of its kind where it has ended and its log is damaged", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { record } = yield* ran(folder, { dataset })
        const log = `${folder}/${record.runFolder}/metrics.jsonl`
        const lines = readFileSync(log, "utf8")
        writeFileSync(log, "no event\n")
        appendFileSync(log, lines)
        const { exitCode, numEpochs, reason } = yield* failureOf(folder, { dataset })
        assert.deepStrictEqual([exitCode, numEpochs], [4, 0])
        assert.include(reason, "line 1")
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
