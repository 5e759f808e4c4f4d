import * as SafeFile from "@moco/core/SafeFile"
import { steps } from "@moco/train/Checkpoint/store"
import { codeOfRunError, ExitCode } from "@moco/train/ExitCode"
import { filesOf } from "@moco/train/RunFolder/files"
import { Clock, Effect, type FileSystem, Layer, Option, Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import type { ChildProcessSpawner } from "effect/process"
import type { Trial } from "../Study.ts"
import { StudyRecordError } from "../StudyRecord.ts"
import { renderSettings } from "../settings.ts"
import { TrialExecutor, TrialImpossible, type TrialProgress } from "../TrialExecutor.ts"
import type { TrialRecord } from "../TrialRecord.ts"
import { completedTrial, type Ended, eventsIn, failedTrial, hasCompleted, isStep } from "./trialRecord.ts"

export type Observe = (progress: TrialProgress) => Effect.Effect<void>

/** The system that a run is made on. */
export type System = FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner

/**
 * Makes or goes on with the run of a trial in `folder`, and says how it has ended. Interruption stops it; the effect is
 * then interrupted, and fails with a `StudyRecordError` only where the run could not save what it had. It fails with
 * `TrialImpossible` where no run of the study can be made in this way.
 */
export type RunTrial = (
  trial: Trial,
  folder: string,
  observe: Observe
) => Effect.Effect<Ended, TrialImpossible | StudyRecordError | PlatformError, System>

/**
 * The executor of a study in `folder`, whose trials run in `<folder>/runs/<trial>`, wherever `runTrial` runs them.
 *
 * What a trial leaves is read from its run log, so a study sees what any run shows. Where a run has reached its end and
 * the study was killed before it took note, its result is taken instead of another run.
 */
export const layerInFolder = (folder: string, runTrial: RunTrial) =>
  Layer.effect(
    TrialExecutor,
    Effect.gen(function* () {
      const path = yield* Path.Path
      const services = yield* Effect.context<System>()
      const runs = path.join(folder, "runs")

      const run = Effect.fnUntraced(function* (
        trial: Trial,
        observe: Observe
      ): Effect.fn.Return<TrialRecord, TrialImpossible | StudyRecordError, System> {
        const startedAt = yield* Clock.currentTimeMillis
        const files = filesOf(path, path.join(runs, trial.id))
        // Nothing above it: where the study's folder was removed, none is made in its place.
        const made = Effect.andThen(SafeFile.makeFolder(runs), runTrial(trial, files.path, observe)).pipe(
          Effect.catchTag("PlatformError", ({ message }) =>
            Effect.succeed<Ended>({ exitCode: ExitCode.resource, reason: message })
          )
        )
        const ended = (yield* hasCompleted(files.metrics)) ? done : yield* made
        const seconds = ((yield* Clock.currentTimeMillis) - startedAt) / 1000
        const end = { trial, seconds, runFolder: path.join("runs", trial.id) }
        if (ended.exitCode === ExitCode.success) {
          // Trouble of the study's own with a trial's files is as good a reason as the trial's own.
          return yield* Effect.catch(completedTrial(end, files.metrics), ({ _tag, message }) =>
            failedTrial(end, [], { exitCode: codeOfRunError[_tag], reason: message })
          )
        }
        const events = yield* Effect.option(eventsIn(files.metrics))
        // What cannot be read may have a step; a checkpoint of step 0 is the state before the first one.
        const checkpoints = yield* Effect.option(steps(files.checkpoints))
        const hasBegun =
          Option.isNone(events) ||
          events.value.some(isStep) ||
          Option.isNone(checkpoints) ||
          checkpoints.value.some((step) => step > 0)
        if (isOfEvery(ended) && !hasBegun) return yield* impossible(trial, ended.reason)
        return yield* failedTrial(
          end,
          Option.getOrElse(events, () => []),
          ended
        )
      })

      return TrialExecutor.of({
        run: (trial, observe) => Effect.provide(run(trial, observe), services)
      })
    })
  )

/** What a run that was stopped fails with where it could not save what it had. */
export const notSaved = (path: string, reason: string): StudyRecordError => {
  const hint = "its last checkpoint is as it was; the same study goes on with it"
  return new StudyRecordError({ operation: "written", path, reason, hint })
}

const done: Ended = { exitCode: ExitCode.success, reason: "" }

/** Whether what is wrong with a run that never began is wrong for every run of the study. */
const isOfEvery = ({ exitCode }: Ended): boolean =>
  exitCode === ExitCode.config || exitCode === ExitCode.data || exitCode === ExitCode.corrupt

/** What a study ends with where no run of it can be made, for this reason. */
export const impossible = ({ seed, settings }: Trial, reason: string): TrialImpossible =>
  new TrialImpossible({ trial: `${renderSettings(settings)}, seed ${seed}`, reason: reason.split("\n") })
