import * as SafeFile from "@moco/core/SafeFile"
import { ExitCode } from "@moco/train/ExitCode"
import { filesOf } from "@moco/train/RunFolder/files"
import { Clock, Effect, type FileSystem, Layer, Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import type { ChildProcessSpawner } from "effect/process"
import type { Trial } from "../Study.ts"
import { StudyRecordError } from "../StudyRecord.ts"
import { renderSettings } from "../settings.ts"
import { TrialExecutor, TrialImpossible, type TrialProgress } from "../TrialExecutor.ts"
import type { TrialRecord } from "../TrialRecord.ts"
import { completedTrial, type Ended, failedTrial, hasBegun, hasCompleted, reasonOf } from "./trialRecord.ts"

export type Observe = (progress: TrialProgress) => Effect.Effect<void>

/** The system that a run is made on. */
export type System = FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner

/**
 * Makes or goes on with the run of a trial in `folder`, and says how it has ended. Interruption stops it; the effect is
 * then interrupted, and fails with a `StudyRecordError` only where the run could not save what it had.
 */
export type RunTrial = (
  trial: Trial,
  folder: string,
  observe: Observe
) => Effect.Effect<Ended, StudyRecordError | PlatformError, System>

/**
 * The executor of a study in `folder`, whose trials run in `<folder>/runs/<trial>`, wherever `runTrial` runs them.
 *
 * What a trial leaves is read from its run log, so a study sees what any run shows. Where a run has reached its end and
 * the study was killed before it took note, its result is taken instead of another run.
 */
export const layerOf = (folder: string, runTrial: RunTrial) =>
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
          Effect.catchTag("PlatformError", ({ message }) => Effect.succeed(troubled(message)))
        )
        const ended = (yield* hasCompleted(files.metrics)) ? done : yield* made
        const seconds = ((yield* Clock.currentTimeMillis) - startedAt) / 1000
        const end = { trial, seconds, runFolder: path.join("runs", trial.id) }
        if (ended.exitCode !== ExitCode.success) {
          if (isOfEvery(ended) && !(yield* hasBegun(files.metrics))) return yield* impossible(trial, ended)
          return yield* failedTrial(end, files.metrics, ended)
        }
        // Trouble of the study's own with a trial's files is as good a reason as the trial's own.
        return yield* Effect.catch(completedTrial(end, files.metrics), ({ message }) =>
          failedTrial(end, files.metrics, troubled(message))
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

const done: Ended = { exitCode: ExitCode.success, stderr: "" }

const troubled = (message: string): Ended => ({ exitCode: ExitCode.resource, stderr: `error: ${message}` })

/** Whether what is wrong with a run that never began is wrong for every run of the study. */
const isOfEvery = ({ exitCode }: Ended): boolean =>
  exitCode === ExitCode.config || exitCode === ExitCode.data || exitCode === ExitCode.corrupt

const impossible = ({ seed, settings }: Trial, ended: Ended) =>
  new TrialImpossible({
    trial: `${renderSettings(settings)}, seed ${seed}`,
    reason: reasonOf(ended).split("\n")
  })
