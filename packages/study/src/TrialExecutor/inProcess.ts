import { ExitCode } from "@moco/train/ExitCode"
import type { Stages } from "@moco/train/PretrainLayers"
import * as Run from "@moco/train/Run"
import type { RunEvent } from "@moco/train/RunLog"
import { Clock, Effect, Exit, type FileSystem, Layer, Path } from "effect"
import type { ChildProcessSpawner } from "effect/process"
import type { Trial } from "../Study.ts"
import { TrialExecutor, type TrialProgress } from "../TrialExecutor.ts"
import type { TrialRecord } from "../TrialRecord.ts"
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

      const train = ({ config }: Trial, folder: string, observe: Observe) =>
        Effect.gen(function* () {
          const { stages } = options
          const run = yield* Run.open({ config, folder }, stages === undefined ? {} : { stages })
          yield* run.train({ observe: (event) => whereStep(event, observe) })
        }).pipe(Effect.scoped)

      return TrialExecutor.of({
        run: Effect.fnUntraced(function* (trial, observe) {
          const startedAt = yield* Clock.currentTimeMillis
          const folder = path.join(options.folder, "runs", trial.id)
          const metrics = path.join(folder, "metrics.jsonl")
          const isDone = yield* hasCompleted(metrics)
          const exit = isDone ? Exit.void : yield* Effect.exit(train(trial, folder, observe))
          if (Exit.hasInterrupts(exit)) return yield* Effect.interrupt
          const seconds = ((yield* Clock.currentTimeMillis) - startedAt) / 1000
          const end: TrialEnd = { trial, seconds, runFolder: path.join("runs", trial.id) }
          const failed = (stderr: string, exitCode: number) =>
            Effect.map(failedTrial(end, metrics, { exitCode, stderr: `error: ${stderr}` }), asRecord)
          if (Exit.isFailure(exit)) {
            const error = Exit.findErrorOption(exit)
            const isNonFinite = error._tag === "Some" && error.value._tag === "NonFinite"
            const reason = error._tag === "Some" ? error.value.message : String(exit.cause)
            return yield* failed(reason, isNonFinite ? ExitCode.nonFinite : ExitCode.resource)
          }
          return yield* Effect.catch(completedTrial(end, metrics), ({ message }) =>
            failed(message, ExitCode.resource)
          )
        }, Effect.provide(services))
      })
    })
  )

type Observe = (progress: TrialProgress) => Effect.Effect<void>

const asRecord = (record: TrialRecord): TrialRecord => record

const whereStep = (event: RunEvent, observe: Observe): Effect.Effect<void> => {
  if (event.event !== "step") return Effect.void
  const { epoch, metrics, numEpochs, numSteps, step } = event
  return observe({ step: step + 1, numSteps, epoch: epoch + 1, numEpochs, metrics })
}
