import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { TensorError } from "@moco/core/Tensor"
import { isBaseline } from "@moco/evaluation/subjects"
import { load, newestGood } from "@moco/train/Checkpoint/load"
import * as Store from "@moco/train/Checkpoint/store"
import { Diagnostics, NonFinite } from "@moco/train/Diagnostics"
import { pretrain } from "@moco/train/Pretrain"
import { RecordedEvents, type RunEvent, RunLog, RunLogError } from "@moco/train/RunLog"
import { RunState } from "@moco/train/RunState"
import { Cause, Effect, Exit, Fiber, FileSystem, Layer, Path } from "effect"
import { inTemporary, losses, numSteps, runOf, settings, stateHash } from "./checkpointedRun.ts"
import { evaluatedBy, finding } from "./evaluatedBy.ts"

const newest = (root: string) =>
  Effect.map(
    newestGood(root, () => Effect.void),
    (found) => found!
  )

/** A run whose encoder's evaluation begins and does not end. */
const stuckInEvaluation = () => {
  let numEvaluated = 0
  const stuck = evaluatedBy(
    (evaluate) => (embedding) => (numEvaluated++ < 2 ? evaluate(embedding) : Effect.never)
  )
  return { stuck, isStuck: () => numEvaluated === 3 }
}

const full = new RunLogError({ operation: "written", path: "log", reason: "no room", hint: "none" })

/** A run whose log takes no event that is `refused`. */
const withoutRoomFor = (refused: (event: RunEvent) => boolean) =>
  Effect.updateService(RunLog, (log) => ({
    ...log,
    record: (event: RunEvent) => (refused(event) ? Effect.fail(full) : log.record(event))
  }))

const errorsOf = (exit: Exit.Exit<unknown, { readonly _tag: string }>) =>
  Exit.isFailure(exit) ? exit.cause.reasons.filter(Cause.isFailReason).map(({ error }) => error._tag) : []

describe("A run that ends before its end", () => {
  for (const [name, every] of [
    ["by the epoch", { epochs: 1 }],
    ["never but at the end, after the last step,", {}]
  ] as const) {
    it.effect(`has the state that is due ${name} on disk before it is evaluated`, () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          const { isStuck, stuck } = stuckInEvaluation()
          yield* Effect.gen(function* () {
            const fiber = yield* Effect.forkChild(stuck(pretrain({ numEpochs: 1 })))
            while (!isStuck()) yield* Effect.yieldNow
            // As a kill at this instant would find it.
            const { manifest } = yield* newest(root)
            assert.deepInclude(manifest.progress, { step: 8, evaluatedAt: {} })
            yield* Fiber.interrupt(fiber)
          }).pipe(Effect.provide(runOf(root, {}, every)))
          // Both baselines were evaluated before, and what came out is not worked out again.
          const { measurements } = (yield* newest(root)).manifest.progress
          assert.deepStrictEqual(
            [...new Set(measurements.map(({ subject }) => subject))],
            ["raw pixels", "untrained encoder"]
          )
        })
      )
    )
  }

  it.effect("has what an evaluation came to on disk, without another copy of the state", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const part = path.join(root, Store.folderName(8), "query.safetensors")
        const seen: Array<unknown> = []
        const watched = evaluatedBy(
          (evaluate) => (embedding) =>
            Effect.tap(evaluate(embedding), () =>
              Effect.map(Effect.orDie(fileSystem.stat(part)), ({ ino }) => seen.push(ino))
            )
        )
        yield* Effect.gen(function* () {
          yield* watched(pretrain({ numEpochs: 2 }))
          // The first of the two: nothing was saved after it at its step.
          const { manifest } = yield* load(path.join(root, Store.folderName(8)))
          const events = yield* (yield* RecordedEvents).all
          const evaluated = events.flatMap((event) =>
            event.event === "evaluation" ? event.measurements : []
          )
          const ofEncoder = evaluated.filter((measurement) => !isBaseline(measurement))
          assert.deepStrictEqual(
            manifest.progress.measurements.filter((measurement) => !isBaseline(measurement)),
            ofEncoder.slice(0, 2)
          )
          assert.deepInclude(manifest.progress, { step: 8, evaluatedAt: { knn: 8 } })
          assert.strictEqual(manifest.progress.best?.step, 8)
        }).pipe(Effect.provide(runOf(root, { everyEpochs: 1 }, { epochs: 1 })))
        assert.deepStrictEqual(seen, Array(4).fill((yield* fileSystem.stat(part)).ino))
      })
    )
  )

  it.effect(
    "because an evaluation fails has saved its newest state, however rarely checkpoints are due",
    () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          const failed = new TensorError({ operation: "Knn", cause: new Error("OOM") })
          const failing = evaluatedBy(() => () => Effect.fail(failed))
          const error = yield* Effect.flip(failing(pretrain(settings))).pipe(
            Effect.provide(runOf(root, {}, {}))
          )
          assert.strictEqual(error, failed)
          assert.deepInclude((yield* newest(root)).manifest.progress, { step: 16, evaluatedAt: {} })
        })
      )
  )

  it.effect("because its log has no room goes on to the bit, and then logs what the log could not take", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const whole = yield* Effect.gen(function* () {
          yield* pretrain(settings)
          return { hash: yield* stateHash, losses: yield* losses }
        }).pipe(Effect.provide(runOf(`${root}-whole`, {}, {})))
        const noRoom = withoutRoomFor((event) => event.event === "step" && event.step === 10)
        yield* Effect.flip(noRoom(pretrain(settings))).pipe(Effect.provide(runOf(root, {}, {})))
        const { manifest, parts } = yield* newest(root)
        assert.strictEqual(manifest.progress.step, 11)
        const rest = yield* Effect.gen(function* () {
          yield* (yield* RunState).restore({ parts, counters: manifest.counters })
          yield* pretrain({ ...settings, from: manifest.progress })
          return { hash: yield* stateHash, losses: yield* losses }
        }).pipe(Effect.provide(runOf(root, {}, {})))
        assert.strictEqual(rest.hash, whole.hash)
        assert.deepStrictEqual(rest.losses, whole.losses.slice(10))
        assert.notProperty((yield* newest(root)).manifest.progress, "unlogged")
      })
    )
  )

  it.effect("because its log has no room for its last step logs it before it says that it goes on", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const noRoom = withoutRoomFor((event) => event.event === "step" && event.step === numSteps - 1)
        yield* Effect.flip(noRoom(pretrain(settings))).pipe(Effect.provide(runOf(root, {}, {})))
        const { manifest, parts } = yield* newest(root)
        assert.strictEqual(manifest.progress.step, numSteps)
        yield* Effect.gen(function* () {
          yield* (yield* RunState).restore({ parts, counters: manifest.counters })
          yield* pretrain({ ...settings, from: manifest.progress })
          const [first, second] = yield* (yield* RecordedEvents).all
          assert.deepInclude(first, { event: "step", step: numSteps - 1 })
          assert.deepInclude(second, { event: "resumed", step: numSteps })
        }).pipe(Effect.provide(runOf(root, {}, {})))
      })
    )
  )

  it.effect("and goes back to the checkpoint that has what the log could not take, logs it once more", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const noRoom = withoutRoomFor((event) => event.event === "step" && event.step === 7)
        yield* Effect.flip(noRoom(pretrain(settings)))
        const { manifest } = yield* newest(root)
        assert.deepInclude(manifest.progress, { step: 8 })
        assert.deepInclude(manifest.progress.unlogged, { event: "step", step: 7 })
        let hasFailed = false
        const failing = Effect.updateService(Diagnostics, ({ measure }) => ({
          measure: (observed) => {
            const { rate: learningRate, step } = observed
            if (step !== 10 || hasFailed) return measure(observed)
            hasFailed = true
            return Effect.fail(new NonFinite({ step, metric: "loss", where: [], value: "NaN", learningRate }))
          }
        }))
        const onNonFinite = "rollback"
        yield* failing(pretrain({ ...settings, onNonFinite, from: manifest.progress }))
        const events = yield* (yield* RecordedEvents).all
        assert.deepInclude(
          events.find(({ event }) => event === "rolledBack"),
          { step: 8, failedStep: 10 }
        )
        assert.deepStrictEqual(
          events.flatMap((event) => (event.event === "step" ? [event.step] : [])),
          Array.from({ length: numSteps }, (_, i) => i)
        )
      }).pipe(Effect.provide(runOf(root, {}, {})))
    )
  )

  it.effect("says of an interruption everything that could not be saved, and not only the first of it", () =>
    Effect.gen(function* () {
      const seen = yield* RecordedEvents
      const noRoom = withoutRoomFor(({ event }) => event === "finished")
      const fiber = yield* Effect.forkChild(noRoom(pretrain(settings)))
      while ((yield* seen.all).every(({ event }) => event !== "step")) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.deepStrictEqual(errorsOf(exit), ["CheckpointUnwritable", "RunLogError"])
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
    }).pipe(Effect.provide(Layer.provideMerge(runOf("/dev/null/nowhere", {}, {}), NodeServices.layer)))
  )

  it.effect("keeps the best state beside newer ones, and the newest says which it was", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        yield* finding([0.1, 0.2, 0.7, 0.4, 0.6])(pretrain({ numEpochs: 3 })).pipe(
          Effect.provide(runOf(root, { everyEpochs: 1 }, { epochs: 1 }, 1))
        )
        assert.deepStrictEqual(yield* Store.steps(root), [24, 8])
        assert.deepStrictEqual((yield* newest(root)).manifest.progress.best, {
          ...{ step: 8, evaluation: "knn", metric: "kNN accuracy (k = 5)", value: 0.7 }
        })
      })
    )
  )
})
