import { ExitCode } from "@moco/train/ExitCode"
import type { Stages } from "@moco/train/PretrainLayers"
import * as Run from "@moco/train/Run"
import type { RunEvent } from "@moco/train/RunLog"
import { Cause, Clock, Effect, Exit, type FileSystem, Layer, Path } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import type { Trial } from "../Study.ts"
import { StudyRecordError } from "../StudyRecord.ts"
import { renderSettings } from "../settings.ts"
import { TrialExecutor, TrialImpossible, type TrialProgress } from "../TrialExecutor.ts"
import type { FailedTrial, TrialRecord } from "../TrialRecord.ts"
import { completedTrial, failedTrial, hasCompleted, type TrialEnd } from "./trialRecord.ts"

/**
 * Runs every trial in this process, in `<folder>/runs/<trial>`: a study of stages that no config can name, such as a
 * data set of one's own. A study that is stopped goes on with the trial where it was.
 *
 * **Gotchas** The trials share the process's memory and its threads, so one at a time is fastest.
 */
export const layerInProcess = (options: { readonly folder: string; readonly stages?: Stages }) =>
  Layer.effect(
    TrialExecutor,
    Effect.gen(function* () {
      const path = yield* Path.Path
      const services = yield* Effect.context<
        FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner
      >()

      const open = ({ config }: Trial, folder: string) => {
        const { stages } = options
        return Run.open({ config, folder }, stages === undefined ? {} : { stages })
      }
      const train = (run: Run.Run, observe: Observe) =>
        run.train({ observe: (event) => whereStep(event, observe) })

      return TrialExecutor.of({
        run: Effect.fnUntraced(function* (trial, observe) {
          const startedAt = yield* Clock.currentTimeMillis
          const folder = path.join(options.folder, "runs", trial.id)
          const metrics = path.join(folder, "metrics.jsonl")
          const isDone = yield* hasCompleted(metrics)
          let hasBegun = false
          const exit: Exit.Exit<unknown, RunError> = isDone
            ? Exit.void
            : yield* Effect.exit(
                Effect.scoped(
                  Effect.flatMap(open(trial, folder), (run) => {
                    hasBegun = true
                    return train(run, observe)
                  })
                )
              )
          const seconds = ((yield* Clock.currentTimeMillis) - startedAt) / 1000
          const end: TrialEnd = { trial, seconds, runFolder: path.join("runs", trial.id) }
          if (Exit.isFailure(exit)) return yield* failure(exit.cause, end, folder, hasBegun)
          return yield* Effect.catch(completedTrial(end, metrics), ({ message }) =>
            asRecord(failedTrial(end, metrics, { exitCode: ExitCode.resource, stderr: `error: ${message}` }))
          )
        }, Effect.provide(services))
      })
    })
  )

/** Whatever a run fails with has a tag and says what it is. */
interface RunError {
  readonly _tag: string
  readonly message: string
}

/** A trial that has not reached its end: stopped, impossible, or failed. */
const failure = Effect.fnUntraced(function* (
  cause: Cause.Cause<RunError>,
  end: TrialEnd,
  folder: string,
  hasBegun: boolean
) {
  const errors = cause.reasons.filter(Cause.isFailReason).map(({ error }) => error)
  const [first] = errors
  const reason = first?.message ?? Cause.pretty(cause)
  if (Cause.hasInterrupts(cause)) {
    if (first === undefined) return yield* Effect.interrupt
    // It was stopped, and could not save what it had.
    const hint = "its last checkpoint is as it was; the same study goes on with it"
    return yield* new StudyRecordError({ operation: "written", path: folder, reason, hint })
  }
  if (!hasBegun && first !== undefined && ofStages.has(first._tag)) {
    const trial = `${renderSettings(end.trial.settings)}, seed ${end.trial.seed}`
    return yield* new TrialImpossible({ trial, reason: reason.split("\n") })
  }
  const isNonFinite = first?._tag === "NonFinite" || first?._tag === "NonFiniteTensors"
  const exitCode = isNonFinite ? ExitCode.nonFinite : ExitCode.resource
  return yield* asRecord(
    failedTrial(end, `${folder}/metrics.jsonl`, { exitCode, stderr: `error: ${reason}` })
  )
})

/** What is wrong with a stage is wrong for every trial. */
const ofStages: ReadonlySet<string> = new Set([
  ...["StageInvalid", "BatchSizeInvalid", "ConfigInvalid", "IdxMalformed", "ImageIndexInvalid"],
  ...["DatasetInvalid", "DatasetMissing", "DatasetUnreadable", "DatasetCorrupt"]
])

const asRecord = <E, R>(failed: Effect.Effect<FailedTrial, E, R>): Effect.Effect<TrialRecord, E, R> => failed

type Observe = (progress: TrialProgress) => Effect.Effect<void>

const whereStep = (event: RunEvent, observe: Observe): Effect.Effect<void> => {
  if (event.event !== "step") return Effect.void
  const { epoch, metrics, numEpochs, numSteps, step } = event
  return observe({ step: step + 1, numSteps, epoch: epoch + 1, numEpochs, metrics })
}
