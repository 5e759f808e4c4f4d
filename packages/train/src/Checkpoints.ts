import type { SafetensorsMalformed } from "@moco/core/Safetensors"
import type { SnapshotMismatch, TensorError } from "@moco/core/Tensor"
import { Clock, Context, Effect, Exit, Fiber, type FileSystem, Layer, Path } from "effect"
import type { Fingerprint } from "./Checkpoint/fingerprint.ts"
import { formatVersion, type RunProgress } from "./Checkpoint/manifest.ts"
import * as Store from "./Checkpoint/store.ts"
import type { RunConfig } from "./RunConfig.ts"
import type { RunLogError } from "./RunLog.ts"
import { RunState } from "./RunState.ts"

/** When a checkpoint is due: whichever comes first. */
export interface CheckpointEvery {
  readonly steps?: number
  readonly epochs?: number
  readonly seconds?: number
}

/** Every two minutes, and at the end of every epoch. */
export const defaultEvery: CheckpointEvery = { epochs: 1, seconds: 120 }

/**
 * How long training waits for a save after a step. A save is some twenty calls to the file system, and one call moves
 * on per turn of the event loop: without a wait, it would last for twenty steps.
 */
const waitPerStep = "5 millis"

/** Keeps the state of a run on disk while it goes on. */
export class Checkpoints extends Context.Service<
  Checkpoints,
  {
    /**
     * Told after every step, between two steps. Where a checkpoint is due, copies the state and returns; it is written
     * while training goes on. Fails when an earlier one could not be written.
     */
    readonly afterStep: (
      step: number,
      isEpochsEnd: boolean,
      progress: Effect.Effect<RunProgress, RunLogError>
    ) => Effect.Effect<void, Store.CheckpointUnwritable | TensorError | RunLogError>
    /** Saves the state and returns when it is on disk. */
    readonly save: (
      step: number,
      progress: Effect.Effect<RunProgress, RunLogError>
    ) => Effect.Effect<void, Store.CheckpointUnwritable | TensorError | RunLogError>
    /** Puts the newest good checkpoint in place of the state, where there is one. */
    readonly rollback: Effect.Effect<
      RunProgress | undefined,
      TensorError | SnapshotMismatch | SafetensorsMalformed
    >
  }
>()("@moco/train/Checkpoints") {
  /** Keeps nothing: for runs of seconds. */
  static readonly layerNone = Layer.succeed(
    Checkpoints,
    Checkpoints.of({
      afterStep: () => Effect.void,
      save: () => Effect.void,
      rollback: Effect.succeed(undefined)
    })
  )

  /**
   * Checkpoints in folders under `root`. The `keep` newest are kept, and the one of the best evaluation.
   *
   * @param onCorrupt  is told of a damaged checkpoint that was passed over
   */
  static readonly layerFolder = (options: {
    readonly root: string
    readonly every: CheckpointEvery
    readonly keep: number
    readonly config: RunConfig
    readonly fingerprint: Fingerprint
    readonly onCorrupt: (error: Store.CheckpointCorrupt) => Effect.Effect<void>
  }) =>
    Layer.effect(
      Checkpoints,
      Effect.gen(function* () {
        const state = yield* RunState
        const scope = yield* Effect.scope
        const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
        const { every, keep, root } = options
        let savedAt = yield* Clock.currentTimeMillis
        let savedStep = -1
        /** The write that is under way, or the last one. */
        let writing: Fiber.Fiber<void, Store.CheckpointUnwritable> | undefined

        const write = Effect.fnUntraced(function* (asked: Effect.Effect<RunProgress, RunLogError>) {
          const progress = yield* asked
          const { counters, parts } = yield* state.capture
          const now = yield* Clock.currentTimeMillis
          savedAt = now
          savedStep = progress.step
          const manifest = {
            format: formatVersion,
            savedAt: new Date(now).toISOString(),
            config: options.config,
            fingerprint: options.fingerprint,
            progress,
            counters
          } as const
          return Store.save(root, { manifest, parts }).pipe(
            Effect.andThen(Store.prune(root, keep, progress.best?.step)),
            Effect.provide(services)
          )
        })
        const settled = Effect.suspend(() => (writing === undefined ? Effect.void : Fiber.join(writing)))

        const isDue = (step: number, isEpochsEnd: boolean, now: number) =>
          (every.steps !== undefined && step % every.steps === 0) ||
          (every.epochs !== undefined && isEpochsEnd) ||
          (every.seconds !== undefined && now - savedAt >= 1000 * every.seconds)

        return Checkpoints.of({
          afterStep: Effect.fnUntraced(function* (step, isEpochsEnd, progress) {
            if (writing !== undefined) yield* Effect.timeoutOption(Fiber.await(writing), waitPerStep)
            if (!isDue(step, isEpochsEnd, yield* Clock.currentTimeMillis)) return
            yield* settled
            writing = yield* Effect.forkIn(yield* write(progress), scope)
          }),
          save: Effect.fnUntraced(function* (step, progress) {
            const before = yield* Effect.exit(settled)
            if (Exit.isSuccess(before) && savedStep === step) return
            yield* yield* write(progress)
          }, Effect.uninterruptible),
          rollback: Effect.gen(function* () {
            yield* Effect.exit(settled)
            const newest = yield* newestGood(root, options.onCorrupt)
            if (newest === undefined) return undefined
            const { manifest, parts } = newest
            yield* state.restore({ parts, counters: manifest.counters })
            return manifest.progress
          }).pipe(Effect.provide(services))
        })
      })
    )
}

/** The newest checkpoint under `root` of which every byte is right; `onCorrupt` is told of those that are not. */
export const newestGood = Effect.fn("Checkpoints.newestGood")(function* (
  root: string,
  onCorrupt: (error: Store.CheckpointCorrupt) => Effect.Effect<void>
) {
  const path = yield* Path.Path
  for (const step of yield* Store.steps(root)) {
    const loaded = yield* Effect.result(Store.load(path.join(root, Store.folderName(step))))
    if (loaded._tag === "Success") return loaded.success
    yield* onCorrupt(loaded.failure)
  }
  return undefined
})
