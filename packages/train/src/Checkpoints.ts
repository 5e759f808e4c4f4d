import type { NonFiniteTensors } from "@moco/core/Finite"
import type { SafetensorsMalformed } from "@moco/core/Safetensors"
import type { SnapshotMismatch, TensorError } from "@moco/core/Tensor"
import { Clock, Context, Effect, Exit, Fiber, type FileSystem, Layer, Option, type Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import {
  CheckpointCorrupt,
  type CheckpointUnreadable,
  CheckpointUnwritable,
  type NoCheckpointWhole
} from "./Checkpoint/errors.ts"
import { newestGood } from "./Checkpoint/load.ts"
import { formatVersion, type Manifest, type RunProgress } from "./Checkpoint/manifest.ts"
import * as Store from "./Checkpoint/store.ts"
import { fileTrouble } from "./fileTrouble.ts"
import { seconds } from "./internal/seconds.ts"
import { progressUnder } from "./RunConfig/continuation.ts"
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
 * on per turn of the event loop: without a wait, it would last for twenty steps. With 1 ms it lasts so long that the
 * next one has to wait for it, which costs more (131 MiB, steps of 100 ms: 115 ms a save instead of 44).
 */
const waitPerStep = "5 millis"

/** Where a run stands between two steps. */
export interface Position {
  /** Steps taken. */
  readonly step: number
  readonly stepsPerEpoch: number
}

/** What keeping a run's state can fail with. */
export type SaveError = CheckpointUnwritable | TensorError | NonFiniteTensors | RunLogError

/** What going back to an earlier state can fail with. */
export type GoBackError =
  | TensorError
  | SnapshotMismatch
  | SafetensorsMalformed
  | NonFiniteTensors
  | CheckpointUnreadable
  | CheckpointUnwritable
  | NoCheckpointWhole

/** What every checkpoint of a run tells, beside its state. */
export type RunIdentity = Pick<Manifest, "config" | "fingerprint" | "images" | "initialWeights" | "ownStages">

/** Keeps the state of a run on disk while it goes on. */
export class Checkpoints extends Context.Service<
  Checkpoints,
  {
    /**
     * Told after every step, between two steps. Where a checkpoint is due, copies the state and returns; it is written
     * while training goes on. Waits where the one before is still being written, and fails when it could not be.
     *
     * @param progress  asked only where a checkpoint is due
     */
    readonly afterStep: (
      position: Position,
      progress: Effect.Effect<RunProgress, RunLogError>
    ) => Effect.Effect<void, SaveError>
    /**
     * Told after the encoder was evaluated. Where that state is on disk, what was measured is added to it at
     * once; where it is not, it is saved if it is the best so far.
     */
    readonly afterEvaluation: (
      evaluated: { readonly step: number; readonly isBest: boolean },
      progress: Effect.Effect<RunProgress, RunLogError>
    ) => Effect.Effect<void, SaveError>
    /** Returns when what is being written is on disk; fails when it could not be written. */
    readonly settled: Effect.Effect<void, CheckpointUnwritable>
    /** Saves the state and returns when it is on disk. */
    readonly save: (
      step: number,
      progress: Effect.Effect<RunProgress, RunLogError>
    ) => Effect.Effect<void, SaveError>
    /**
     * Sets the checkpoint of a state aside that a step has failed from, where there is one: it is never the newest, so
     * whoever goes on does so from a state that a step has succeeded from.
     */
    readonly setFailedAside: (
      step: number
    ) => Effect.Effect<void, CheckpointUnreadable | CheckpointUnwritable>
    /**
     * Puts an earlier state in place: that of the newest good checkpoint which is none of `triedStates`, or where there
     * is none, the state that the run began with. Newer checkpoints are set aside.
     *
     * @returns how far the run is in it
     */
    readonly goBack: (
      triedStates: ReadonlyArray<number>
    ) => Effect.Effect<RunProgress | "beginning" | "nowhere", GoBackError>
  }
>()("@moco/train/Checkpoints") {
  /** Keeps nothing, and so goes back to nothing: for runs of seconds. */
  static readonly layerNone = Layer.succeed(
    Checkpoints,
    Checkpoints.of({
      afterStep: () => Effect.void,
      afterEvaluation: () => Effect.void,
      settled: Effect.void,
      save: () => Effect.void,
      setFailedAside: () => Effect.void,
      goBack: () => Effect.succeed("nowhere")
    })
  )

  /**
   * Checkpoints in folders under `root`. The `keep` newest are kept, and the one of the best evaluation.
   *
   * @param isThere  fails where the run's folder is no longer what it was: then nothing is written in its place
   * @param onCorrupt  is told of a damaged checkpoint that was passed over
   */
  static readonly layerFolder = ({
    every,
    isThere: folderIsThere = Effect.void,
    keep,
    onCorrupt,
    root,
    ...identity
  }: RunIdentity & {
    readonly root: string
    readonly isThere?: Effect.Effect<void, PlatformError>
    readonly every: CheckpointEvery
    readonly keep: number
    readonly onCorrupt: (error: CheckpointCorrupt) => Effect.Effect<void>
  }) =>
    Layer.effect(
      Checkpoints,
      Effect.gen(function* () {
        const state = yield* RunState
        const scope = yield* Effect.scope
        const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
        const isThere = Effect.mapError(
          folderIsThere,
          (error) => new CheckpointUnwritable({ path: root, ...fileTrouble(error) })
        )
        let dueAt = (yield* seconds) + (every.seconds ?? Number.POSITIVE_INFINITY)
        /** What the last write has, or tried to have, on disk. */
        let saved: RunProgress | undefined
        /** Whether the run's progress has changed in a way that the checkpoint on disk does not tell. */
        let isStale = false
        /** The write that is under way, or the last one. */
        let writing: Fiber.Fiber<Store.Stored, CheckpointUnwritable> | undefined

        /** What stands in every manifest of this process beside the state's own. */
        const describe = Effect.fnUntraced(function* (progress: RunProgress) {
          const savedAt = new Date(yield* Clock.currentTimeMillis).toISOString()
          return { format: formatVersion, savedAt, ...identity, progress } as const
        })
        /** To its end whatever happens: the next step may fail, and the copy is what is left then. */
        const begin = Effect.fnUntraced(function* (
          progress: RunProgress,
          write: Effect.Effect<Store.Stored, CheckpointUnwritable, FileSystem.FileSystem | Path.Path>
        ) {
          saved = progress
          writing = yield* Effect.andThen(isThere, write).pipe(
            Effect.tap(() => Store.prune(root, keep, progress.best?.step)),
            Effect.provide(services),
            Effect.forkIn(scope, { uninterruptible: true })
          )
        })

        /** Copies the state, and begins to write it. */
        const copy = Effect.fnUntraced(function* (asked: Effect.Effect<RunProgress, RunLogError>) {
          const progress = yield* asked
          const { counters, parts } = yield* state.capture
          dueAt = (yield* seconds) + (every.seconds ?? Number.POSITIVE_INFINITY)
          isStale = false
          yield* begin(
            progress,
            Store.save(root, { manifest: { ...(yield* describe(progress)), counters }, parts })
          )
        })
        const settled = Effect.suspend(() =>
          writing === undefined ? Effect.void : Effect.asVoid(Fiber.join(writing))
        )
        /** Puts the progress into the checkpoint that has this state, where it tells another one. */
        const tell = Effect.fnUntraced(function* (asked: Effect.Effect<RunProgress, RunLogError>) {
          const progress = yield* asked
          if (writing === undefined || JSON.stringify(progress) === JSON.stringify(saved)) return
          const { counters, parts } = (yield* Fiber.join(writing)).manifest
          yield* begin(progress, Store.retell(root, { ...(yield* describe(progress)), counters, parts }))
          yield* settled
        })
        const isSaved = (step: number) => saved?.step === step && !isStale
        yield* Effect.addFinalizer(() => Effect.ignore(settled))

        const isDue = ({ step, stepsPerEpoch }: Position, time: number) =>
          isStale ||
          (every.steps !== undefined && step % every.steps === 0) ||
          (every.epochs !== undefined && step % (every.epochs * stepsPerEpoch) === 0) ||
          time >= dueAt

        return Checkpoints.of({
          afterStep: Effect.fnUntraced(function* (position, progress) {
            if (writing !== undefined) {
              const ended =
                writing.pollUnsafe() ??
                Option.getOrUndefined(yield* Effect.timeoutOption(Fiber.await(writing), waitPerStep))
              if (ended !== undefined) yield* ended
            }
            if (isSaved(position.step) || !isDue(position, yield* seconds)) return
            yield* settled
            yield* copy(progress)
          }, Effect.uninterruptible),
          afterEvaluation: Effect.fnUntraced(function* ({ isBest, step }, progress) {
            if (isSaved(step)) return yield* tell(progress)
            if (!isBest || Object.keys(every).length === 0) return
            yield* settled
            yield* copy(progress)
          }, Effect.uninterruptible),
          settled,
          save: Effect.fnUntraced(function* (step, progress) {
            const before = yield* Effect.exit(settled)
            if (Exit.isSuccess(before) && isSaved(step)) return yield* tell(progress)
            yield* copy(progress)
            yield* settled
          }, Effect.uninterruptible),
          setFailedAside: Effect.fnUntraced(function* (failed) {
            yield* Effect.exit(settled)
            yield* Store.setFailedAside(root, (step) => step === failed)
            if (saved?.step === failed) isStale = true
          }, Effect.provide(services)),
          goBack: Effect.fnUntraced(function* (triedStates) {
            yield* Effect.exit(settled)
            const candidates = newestGood(root, onCorrupt, (step) => !triedStates.includes(step))
            // Where all are damaged there is still the state that the run began with.
            const found = yield* Effect.catchTag(candidates, "NoCheckpointWhole", ({ problems }) =>
              Effect.as(
                onCorrupt(new CheckpointCorrupt({ path: root, problem: problems.join("; ") })),
                undefined
              )
            )
            const target = found?.manifest.progress.step ?? 0
            // Behind the restoring: what is newer is not given up for a state that cannot be put in place.
            const give = <A>(progress: A) =>
              Effect.as(
                Store.setFailedAside(root, (step) => step > target),
                progress
              )
            // The smaller learning rate must reach the disk, or a run that is killed would take the same steps again.
            isStale = true
            if (found === undefined) {
              yield* state.reset
              return yield* give("beginning" as const)
            }
            const { manifest, parts } = found
            yield* state.restore({ parts, counters: manifest.counters })
            return yield* give(progressUnder(identity.config, manifest.config, manifest.progress))
          }, Effect.provide(services))
        })
      })
    )
}
