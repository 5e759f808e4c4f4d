import { codeOfRunError, ExitCode, type RunError } from "@moco/train/ExitCode"
import * as Run from "@moco/train/Run"
import type { RunEvent } from "@moco/train/RunLog"
import { Cause, Effect, Exit } from "effect"
import type { StudyRecordError } from "../StudyRecord.ts"
import { layerOf, notSaved, type Observe } from "./layerOf.ts"
import type { Ended } from "./trialRecord.ts"

/**
 * Runs every trial in this process: a study of stages that no config can name, such as a data set of one's own. A study
 * that is stopped goes on with the trial where it was.
 *
 * **Gotchas** The trials share the process's memory and its threads, so one at a time is fastest.
 */
export const layerInProcess = ({ folder }: { readonly folder: string }) =>
  layerOf(folder, ({ config, stages }, folder, observe) =>
    Run.open({ config, folder }, { stages }).pipe(
      Effect.flatMap((run) => run.train({ observe: (event) => whereStep(event, observe) })),
      Effect.scoped,
      Effect.exit,
      Effect.flatMap((exit) => endedOf(exit, folder))
    )
  )

const whereStep = (event: RunEvent, observe: Observe): Effect.Effect<void> => {
  if (event.event !== "step") return Effect.void
  const { epoch, metrics, numEpochs, numSteps, step } = event
  return observe({ step: step + 1, numSteps, epoch: epoch + 1, numEpochs, metrics })
}

/** How `moco train` would have ended. */
const endedOf = (
  exit: Exit.Exit<unknown, RunError>,
  path: string
): Effect.Effect<Ended, StudyRecordError> => {
  if (Exit.isSuccess(exit)) return Effect.succeed({ exitCode: ExitCode.success, stderr: "" })
  const { cause } = exit
  const [error] = cause.reasons.filter(Cause.isFailReason).map((reason) => reason.error)
  const isBug = Cause.hasDies(cause)
  const reason = isBug || error === undefined ? Cause.pretty(cause) : error.message
  if (!Cause.hasInterrupts(cause)) {
    const exitCode = isBug || error === undefined ? ExitCode.defect : codeOfRunError[error._tag]
    return Effect.succeed({ exitCode, stderr: `error: ${reason}` })
  }
  return isBug || error !== undefined ? Effect.fail(notSaved(path, reason)) : Effect.interrupt
}
