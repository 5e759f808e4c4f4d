import { Cause, Effect, Exit, Layer, Ref } from "effect"
import { type CheckpointEvery, Checkpoints, defaultEvery } from "../Checkpoints.ts"
import { layerEventFile } from "../EventFile/ofRun.ts"
import { EventFile } from "../EventFile.ts"
import { pretrain } from "../Pretrain.ts"
import type * as RunFolder from "../RunFolder.ts"
import { type RunEvent, RunLog } from "../RunLog.ts"
import { begin } from "./begin.ts"
import { layerEncoderLast } from "./encoderLast.ts"
import { exportEncoder } from "./exportEncoder.ts"
import { goOnWith, hasOtherConfig } from "./goOnWith.ts"
import type { Prepared } from "./prepare.ts"
import { tellOfQuarantine } from "./quarantine.ts"
import { type RunStart, tellOfDamage } from "./start.ts"

export interface TrainOptions {
  /** When the state is saved beside the end (default: after every epoch, and every two minutes). */
  readonly checkpointEvery?: CheckpointEvery
  /** What becomes of a number that is none: the run ends, or goes back to an earlier state (default: it ends). */
  readonly onNonFinite?: "stop" | "rollback"
  /** Sees every event of the run when it has been logged. */
  readonly observe?: (event: RunEvent) => Effect.Effect<void>
}

/** Checkpoints that are kept beside the best one. */
const keep = 2

/**
 * Trains with the stages that are there; exports the encoder when the run has ended or was stopped on the way.
 *
 * @param taken  steps that the run has taken, kept up to date
 */
export const trainIn = Effect.fn("Run.train")(function* (
  start: RunStart,
  folder: RunFolder.RunFolder,
  prepared: Prepared,
  taken: Ref.Ref<number>,
  { checkpointEvery = defaultEvery, observe = () => Effect.void, onNonFinite = "stop" }: TrainOptions
) {
  const { config } = start
  const { change, identity, isThere } = prepared
  const initialised = yield* begin(start, folder, prepared)
  const runLog = RunLog.layerTee((event) =>
    Effect.andThen(
      Ref.update(taken, (steps) => stepsAfter(event, steps)),
      observe(event)
    )
  ).pipe(
    Layer.provide(layerEventFile(folder.metrics, start.progress?.step ?? 0)),
    Layer.provide(layerEncoderLast(folder.encoderCard, folder.encoder)),
    Layer.provide(RunLog.layerJsonLines(folder.metrics)),
    Layer.provideMerge(EventFile.layerFolder(folder.tensorboard))
  )
  const checkpoints = Checkpoints.layerFolder({
    ...identity,
    root: folder.checkpoints,
    isThere,
    every: checkpointEvery,
    keep,
    onCorrupt: tellOfDamage
  })
  const progress = hasOtherConfig(start) ? goOnWith(change, start, folder) : Effect.succeed(start.progress)
  return yield* Effect.flatMap(Effect.andThen(initialised, progress), (from) =>
    pretrain({ numEpochs: config.training.epochs, onNonFinite, ...(from === undefined ? {} : { from }) })
  ).pipe(
    Effect.provide(Layer.merge(runLog, checkpoints)),
    Effect.onExit(
      Effect.fnUntraced(function* (exit) {
        yield* tellOfQuarantine(folder)
        const steps = yield* Ref.get(taken)
        // Before the first step, or back there, there is no encoder to export.
        if (steps === 0 || !(Exit.isSuccess(exit) || Cause.hasInterrupts(exit.cause))) return
        yield* exportEncoder(config, folder, prepared, steps)
      })
    )
  )
})

/** Steps that the run has taken after one more event. */
const stepsAfter = (event: RunEvent, before: number): number => {
  switch (event.event) {
    case "step":
      return event.step + 1
    case "rolledBack":
      return event.step
    default:
      return before
  }
}
