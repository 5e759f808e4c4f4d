import * as tf from "@tensorflow/tfjs-core"
import { Duration, Effect } from "effect"
import { pretrainStep } from "../PretrainStep.ts"
import { type RunEvent, RunLog } from "../RunLog.ts"
import { standstills } from "./standstill.ts"
import { catchUp, epochOf, type TrainerState } from "./TrainerState.ts"

/** One step of a run, taken and logged; interruption waits until it is. */
export const stepping = Effect.fnUntraced(function* (trainer: TrainerState) {
  const runLog = yield* RunLog
  const takeStep = yield* pretrainStep
  const begunBy = standstills()

  return Effect.uninterruptible(
    Effect.gen(function* () {
      // The state that a run has gone back to may have what the log could not take then.
      yield* catchUp(trainer)
      const { rateFactor, step, trainingSeconds } = trainer.progress
      const [took, taken] = yield* Effect.timed(takeStep(step, rateFactor))
      const elapsed = Duration.toSeconds(took)
      const { lossState, metrics, numImages } = taken
      const epoch = epochOf(trainer)
      const event: RunEvent = {
        event: "step",
        step,
        epoch,
        numSteps: trainer.numSteps,
        numEpochs: trainer.settings.numEpochs,
        metrics: { ...metrics, imagesPerSecond: numImages / elapsed, numTensors: tf.memory().numTensors },
        ...(lossState === undefined ? {} : { lossState }),
        stepMs: 1000 * elapsed
      }
      // The step is taken, whether the log hears of it or not.
      const progress = { ...trainer.progress, step: step + 1, trainingSeconds: trainingSeconds + elapsed }
      trainer.progress = { ...progress, unlogged: event }
      yield* runLog.record(event)
      trainer.progress = progress
      for (const standstill of begunBy(metrics)) {
        yield* runLog.record({ event: "standstill", step, epoch, ...standstill })
      }
    })
  )
})
