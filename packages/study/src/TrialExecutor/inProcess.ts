import { codeOfRunError, ExitCode, errorsIn, type RunError } from "@moco/train/ExitCode"
import * as Run from "@moco/train/Run"
import type { RunEvent } from "@moco/train/RunLog"
import { Cause, Effect, Exit } from "effect"
import type { StudyRecordError } from "../StudyRecord.ts"
import { layerInFolder, notSaved, type Observe } from "./inFolder.ts"
import type { Ended } from "./trialRecord.ts"

/**
 * Runs every trial in this process: a study of stages that no config can name, such as a data set of one's own. A study
 * that is stopped goes on with the trial where it was.
 *
 * **Gotchas** The trials share the process's memory and its threads, so one at a time is fastest.
 */
export const layerInProcess = (options: {
  readonly folder: string
  /** The one folder that is searched for a data set which is not embedded (default: cache and system). */
  readonly dataDir?: string | undefined
}) =>
  layerInFolder(options.folder, ({ config, stages }, folder, observe) =>
    Run.open({ config, folder }, { stages, dataDir: options.dataDir }).pipe(
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

/** How `moco train` would have ended, and with the same words. */
const endedOf = (
  exit: Exit.Exit<unknown, RunError>,
  path: string
): Effect.Effect<Ended, StudyRecordError> => {
  if (Exit.isSuccess(exit)) return Effect.succeed({ exitCode: ExitCode.success, reason: "" })
  const { cause } = exit
  const errors = errorsIn(cause)
  const [first] = errors
  const isBug = Cause.hasDies(cause) || (first === undefined && !Cause.hasInterrupts(cause))
  const messages = new Set(errors.map(({ message }) => message))
  const reason = isBug ? Cause.pretty(cause) : [...messages].join("\nerror: ")
  if (Cause.hasInterrupts(cause)) {
    return isBug || first !== undefined ? Effect.fail(notSaved(path, reason)) : Effect.interrupt
  }
  const exitCode = isBug || first === undefined ? ExitCode.defect : codeOfRunError[first._tag]
  return Effect.succeed({ exitCode, reason })
}
