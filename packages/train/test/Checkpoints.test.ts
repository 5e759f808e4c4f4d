import type * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { TensorError } from "@moco/core/Tensor"
import { newestGood } from "@moco/train/Checkpoint/load"
import * as Store from "@moco/train/Checkpoint/store"
import type { CheckpointEvery } from "@moco/train/Checkpoints"
import { Diagnostics } from "@moco/train/Diagnostics"
import { pretrain } from "@moco/train/Pretrain"
import { type RunEvent, RunLog, RunLogError } from "@moco/train/RunLog"
import { Effect, FileSystem, Path } from "effect"
import { TestClock } from "effect/testing"
import { inTemporary, numSteps, runOf, settings } from "./checkpointedRun.ts"
import { finding } from "./evaluatedBy.ts"

const best = { step: 8, evaluation: "knn", metric: "kNN accuracy (k = 5)", value: 0.7 }

describe("Checkpoints", () => {
  it.effect(
    "are written every so many steps and at the best evaluation, and the newest and the best are kept",
    () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          // Accuracies of both baselines, and of the encoder after 1, 2 and 3 epochs of 8 steps.
          const evaluated = finding([0.1, 0.2, 0.7, 0.4, 0.6])
          yield* evaluated(pretrain({ numEpochs: 3 })).pipe(
            Effect.provide(runOf(root, { everyEpochs: 1 }, { steps: 5 }, 2))
          )
          const newest = yield* newestGood(root, () => Effect.void)
          assert.deepStrictEqual(newest!.manifest.progress.best, best)
          assert.deepStrictEqual(yield* Store.steps(root), [24, 20, 8])
        })
      )
  )

  it.effect("are due at the end of every so many epochs", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const stepsWith = (epochs: number) =>
          Effect.gen(function* () {
            const folder = `${root}-${epochs}`
            // Evaluated at the end only, so that no checkpoint is due for being the best.
            yield* pretrain({ numEpochs: 5 }).pipe(
              Effect.provide(runOf(folder, { everyEpochs: 9 }, { epochs }))
            )
            return yield* Store.steps(folder)
          })
        assert.deepStrictEqual(yield* stepsWith(1), [40, 32, 24, 16, 8])
        assert.deepStrictEqual(yield* stepsWith(2), [40, 32, 16])
      })
    )
  )

  it.effect("are due by the clock too", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const ticking = Effect.updateService(Diagnostics, ({ measure }) => ({
          measure: (observed) => Effect.andThen(TestClock.adjust("7 seconds"), measure(observed))
        }))
        yield* ticking(pretrain({ numEpochs: 1 })).pipe(Effect.provide(runOf(root, {}, { seconds: 20 })))
        // 21, 42 and, at the end, 56 seconds.
        assert.deepStrictEqual(yield* Store.steps(root), [8, 6, 3])
      })
    )
  )

  it.effect("are saved where a step fails, and one that was due before it is not lost", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const failing = (step: number) =>
          Effect.updateService(Diagnostics, ({ measure }) => ({
            measure: (observed) =>
              observed.step === step
                ? Effect.fail(new TensorError({ operation: "Conv2D", cause: new Error("OOM") }))
                : measure(observed)
          }))
        const stepsOf = (every: CheckpointEvery, onNonFinite: "stop" | "rollback") =>
          Effect.gen(function* () {
            const folder = `${root}-${JSON.stringify(every)}-${onNonFinite}`
            const error = yield* Effect.flip(failing(9)(pretrain({ ...settings, onNonFinite }))).pipe(
              Effect.provide(runOf(folder, {}, every))
            )
            assert.strictEqual(error._tag, "TensorError")
            return yield* Store.steps(folder)
          })
        assert.deepStrictEqual(yield* stepsOf({}, "stop"), [9])
        assert.deepStrictEqual(yield* stepsOf({ steps: 9 }, "stop"), [9])
        assert.deepStrictEqual(yield* stepsOf({ steps: 8 }, "rollback"), [9, 8])
      })
    )
  )

  it.effect(
    "are written to the end where the run fails right after they were due, and so is the newest state",
    () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          const failed = new RunLogError({
            operation: "written",
            path: "log",
            reason: "no room",
            hint: "none"
          })
          const full = Effect.updateService(RunLog, (log) => ({
            ...log,
            record: (event: RunEvent) =>
              event.event === "step" && event.step === 8 ? Effect.fail(failed) : log.record(event)
          }))
          const error = yield* Effect.flip(full(pretrain(settings))).pipe(
            Effect.provide(runOf(root, {}, { steps: 8 }))
          )
          assert.strictEqual(error._tag, "RunLogError")
          assert.deepStrictEqual(yield* Store.steps(root), [9, 8])
        })
      )
  )

  it.effect("are on disk before the log says that the run has reached its end", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const seen: Array<ReadonlyArray<number>> = []
        const services = yield* Effect.context<NodeServices.NodeServices>()
        const watched = Effect.updateService(RunLog, (log) => ({
          ...log,
          record: (event: RunEvent) =>
            event.event === "finished"
              ? Effect.flatMap(Effect.orDie(Effect.provide(Store.steps(root), services)), (steps) => {
                  seen.push(steps)
                  return log.record(event)
                })
              : log.record(event)
        }))
        yield* watched(pretrain(settings)).pipe(Effect.provide(runOf(root, {}, {})))
        assert.deepStrictEqual(seen, [[numSteps]])
      })
    )
  )

  it.effect("of which the newest is damaged are passed over, and the damage is told", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        yield* pretrain(settings).pipe(Effect.provide(runOf(root, {}, { steps: 8 })))
        const file = path.join(root, Store.folderName(24), "query.safetensors")
        const bytes = yield* fileSystem.readFile(file)
        bytes[bytes.length >> 1]! ^= 1
        yield* fileSystem.writeFile(file, bytes)
        const told: Array<string> = []
        const newest = yield* newestGood(root, ({ message }) => Effect.sync(() => void told.push(message)))
        assert.strictEqual(newest!.manifest.progress.step, 16)
        assert.deepStrictEqual(told, [
          `the checkpoint file ${file} is damaged: its hash does not fit its content`
        ])
      })
    )
  )
})
