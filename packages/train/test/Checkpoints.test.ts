import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as EndToEnd from "@moco/core/Dictionary/EndToEnd"
import * as MemoryBank from "@moco/core/Dictionary/MemoryBank"
import { TensorError } from "@moco/core/Tensor"
import { load, newestGood } from "@moco/train/Checkpoint/load"
import { sha256 } from "@moco/train/Checkpoint/manifest"
import * as Store from "@moco/train/Checkpoint/store"
import { type CheckpointEvery, Checkpoints } from "@moco/train/Checkpoints"
import { Diagnostics } from "@moco/train/Diagnostics"
import { Evaluation } from "@moco/train/Evaluation"
import { pretrain } from "@moco/train/Pretrain"
import { RecordedEvents, type RunEvent, RunLog, RunLogError } from "@moco/train/RunLog"
import { RunState } from "@moco/train/RunState"
import { sampleFingerprint } from "@moco/train/testing"
import { Cause, Effect, Exit, Fiber, FileSystem, Layer, Path } from "effect"
import { TestClock } from "effect/testing"
import { type TinySettings, tinyRun } from "./tinyRun.ts"
import { validConfig } from "./validConfig.ts"

const settings = { numEpochs: 3, evaluateEveryEpochs: 2 }
const numSteps = 24

const optionsOf = (root: string, every: CheckpointEvery, keep = 1000) => ({
  root,
  every,
  keep,
  config: validConfig,
  fingerprint: sampleFingerprint,
  onCorrupt: () => Effect.void
})

/** A tiny run with checkpoints under `root`. */
const runOf = (root: string, tiny: TinySettings, every: CheckpointEvery = { steps: 1 }, keep?: number) =>
  Checkpoints.layerFolder(optionsOf(root, every, keep)).pipe(
    Layer.provideMerge(RunState.layer),
    Layer.provideMerge(
      Layer.mergeAll(
        Layer.provideMerge(tinyRun(tiny), Backend.layerTensorflow({ threads: 2 })),
        RunLog.layerMemory
      )
    )
  )

/** Everything a run's future depends on, as one hash. */
const stateHash = Effect.gen(function* () {
  const { counters, parts } = yield* (yield* RunState).capture
  return sha256(
    JSON.stringify([counters, Object.entries(parts).map(([name, bytes]) => [name, sha256(bytes)])])
  )
})

/** The losses that the log has, by step. */
const losses = Effect.gen(function* () {
  const events = yield* (yield* RecordedEvents).all
  return events.flatMap((event) => (event.event === "step" ? [[event.step, event.loss]] : []))
})

const inTemporary = <E>(test: (root: string) => Effect.Effect<void, E, NodeServices.NodeServices>) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* test(path.join(yield* fileSystem.makeTempDirectoryScoped(), "checkpoints"))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const mechanisms: ReadonlyArray<readonly [string, TinySettings]> = [
  ["a queue", {}],
  ["a queue and a symmetric loss", { symmetric: true }],
  [
    "a memory bank",
    {
      dictionary: MemoryBank.layer({ size: 30, numImages: 64, entryMomentum: 0.5, redrawOwn: true, seed: 1 })
    }
  ],
  ["end-to-end, two encoders", { dictionary: EndToEnd.layerSeparate({ batchSize: 8 }) }],
  ["end-to-end, one encoder", { dictionary: EndToEnd.layerShared({ batchSize: 8 }) }]
]

describe("Checkpoints", () => {
  for (const [name, tiny] of mechanisms) {
    it.effect(`continue to the bit as if nothing had happened, from any step, with ${name}`, () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          const path = yield* Path.Path
          const whole = yield* Effect.gen(function* () {
            yield* pretrain(settings)
            return { hash: yield* stateHash, losses: yield* losses }
          }).pipe(Effect.provide(runOf(root, tiny)))
          // Before and after the queue of 20 has wrapped, in the middle of an epoch of 8 steps and at its end.
          for (const step of [1, 2, 5, 8, 13, 16, 23]) {
            const { manifest, parts } = yield* load(path.join(root, Store.folderName(step)))
            const rest = yield* Effect.gen(function* () {
              yield* (yield* RunState).restore({ parts, counters: manifest.counters })
              yield* pretrain({ ...settings, from: manifest.progress })
              return { hash: yield* stateHash, losses: yield* losses }
            }).pipe(Effect.provide(runOf(path.join(root, "again"), tiny, { epochs: 1 })))
            assert.strictEqual(rest.hash, whole.hash, `from step ${step}`)
            assert.deepStrictEqual(rest.losses, whole.losses.slice(step), `from step ${step}`)
          }
        })
      )
    )
  }

  it.effect(
    "are written every so many steps and at the best evaluation, and the newest and the best are kept",
    () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          // Accuracies of the encoder after 1, 2 and 3 epochs of 8 steps; both baselines are judged before.
          const accuracies = [0.1, 0.2, 0.7, 0.4, 0.6]
          const judged = Effect.updateService(Evaluation, () => ({
            judge: () => Effect.sync(() => [{ k: 5, accuracy: accuracies.shift()! }])
          }))
          yield* judged(pretrain({ numEpochs: 3, evaluateEveryEpochs: 1 })).pipe(
            Effect.provide(runOf(root, {}, { steps: 5 }, 2))
          )
          const newest = yield* newestGood(root, () => Effect.void)
          assert.deepStrictEqual(newest!.manifest.progress.best, { step: 8, accuracy: 0.7 })
          assert.deepStrictEqual(yield* Store.steps(root), [24, 20, 8])
        })
      )
  )

  it.effect("are saved where a step fails, and one that was due before it is not lost", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const failing = (step: number) =>
          Effect.updateService(Diagnostics, ({ look }) => ({
            look: (observed) =>
              observed.step === step
                ? Effect.fail(new TensorError({ operation: "Conv2D", cause: new Error("OOM") }))
                : look(observed)
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

  it.effect("are written to the end where the run fails right after they were due", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const failed = new RunLogError({ operation: "written", path: "log", reason: "no room", hint: "none" })
        const full = Effect.updateService(RunLog, (log) => ({
          ...log,
          record: (event: RunEvent) =>
            event.event === "step" && event.step === 8 ? Effect.fail(failed) : log.record(event)
        }))
        const error = yield* Effect.flip(full(pretrain(settings))).pipe(
          Effect.provide(runOf(root, {}, { steps: 8 }))
        )
        assert.strictEqual(error._tag, "RunLogError")
        assert.deepStrictEqual(yield* Store.steps(root), [8])
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

  it.effect("are due at the end of every so many epochs", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const stepsWith = (epochs: number) =>
          Effect.gen(function* () {
            const folder = `${root}-${epochs}`
            // Judged at the end only, so that no checkpoint is due for being the best.
            yield* pretrain({ numEpochs: 5, evaluateEveryEpochs: 9 }).pipe(
              Effect.provide(runOf(folder, {}, { epochs }))
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
        const ticking = Effect.updateService(Diagnostics, ({ look }) => ({
          look: (observed) => Effect.andThen(TestClock.adjust("7 seconds"), look(observed))
        }))
        yield* ticking(pretrain({ numEpochs: 1, evaluateEveryEpochs: 1 })).pipe(
          Effect.provide(runOf(root, {}, { seconds: 20 }))
        )
        // 21, 42 and, at the end, 56 seconds.
        assert.deepStrictEqual(yield* Store.steps(root), [8, 6, 3])
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

  it.effect("are saved when the run is interrupted, and the run goes on from there", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const whole = yield* Effect.andThen(pretrain(settings), stateHash).pipe(
          Effect.provide(runOf(`${root}-whole`, {}, {}))
        )
        yield* Effect.gen(function* () {
          const seen = yield* RecordedEvents
          const fiber = yield* Effect.forkChild(pretrain(settings))
          while ((yield* seen.all).filter(({ event }) => event === "step").length < 11) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
        }).pipe(Effect.provide(runOf(root, {}, {})))
        const { manifest, parts } = (yield* newestGood(root, () => Effect.void))!
        assert.isAtLeast(manifest.progress.step, 11)
        const hash = yield* Effect.gen(function* () {
          yield* (yield* RunState).restore({ parts, counters: manifest.counters })
          yield* pretrain({ ...settings, from: manifest.progress })
          return yield* stateHash
        }).pipe(Effect.provide(runOf(root, {}, {})))
        assert.strictEqual(hash, whole)
      })
    )
  )

  it.effect("are saved when an evaluation is interrupted, which is then done again", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const evaluations = Effect.map(
          Effect.flatMap(RecordedEvents, ({ all }) => all),
          (all) => all.filter((event) => event.event === "evaluation")
        )
        const whole = yield* Effect.andThen(pretrain(settings), evaluations).pipe(
          Effect.provide(runOf(`${root}-whole`, {}, {}))
        )
        let numJudged = 0
        const stuck = Effect.updateService(Evaluation, ({ judge }) => ({
          // Both baselines are judged; the encoder's first evaluation does not end.
          judge: (represent) => (numJudged++ < 2 ? judge(represent) : Effect.never)
        }))
        yield* Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(stuck(pretrain(settings)))
          while (numJudged < 3) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
        }).pipe(Effect.provide(runOf(root, {}, {})))
        const { manifest, parts } = (yield* newestGood(root, () => Effect.void))!
        assert.deepInclude(manifest.progress, { step: 16, evaluatedAt: 0 })
        const again = yield* Effect.gen(function* () {
          yield* (yield* RunState).restore({ parts, counters: manifest.counters })
          yield* pretrain({ ...settings, from: manifest.progress })
          return yield* evaluations
        }).pipe(Effect.provide(runOf(root, {}, {})))
        assert.deepStrictEqual(
          again.map(({ neighbours, step }) => [step, neighbours]),
          whole.slice(2).map(({ neighbours, step }) => [step, neighbours])
        )
      })
    )
  )

  it.effect("say so when the state of an interrupted run cannot be saved", () =>
    Effect.gen(function* () {
      const seen = yield* RecordedEvents
      const fiber = yield* Effect.forkChild(pretrain(settings))
      while ((yield* seen.all).every(({ event }) => event !== "step")) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit))
      const errors = Exit.isFailure(exit) ? exit.cause.reasons.filter(Cause.isFailReason) : []
      assert.deepStrictEqual(
        errors.map(({ error }) => error._tag),
        ["CheckpointUnwritable"]
      )
      assert.deepInclude((yield* seen.all).at(-1), { event: "finished", outcome: "interrupted" })
    }).pipe(Effect.provide(runOf("/dev/null/nowhere", {}, {})), Effect.provide(NodeServices.layer))
  )
})
