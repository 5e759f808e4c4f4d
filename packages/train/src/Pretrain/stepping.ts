import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { pretrainStep } from "../PretrainStep.ts"
import { type RunEvent, RunLog } from "../RunLog.ts"
import { type Course, catchUp, epochOf, seconds } from "./course.ts"
import { standstills } from "./standstill.ts"

/** One step of a run, taken and logged; interruption waits until it is. */
export const stepping = Effect.fnUntraced(function* (course: Course) {
  const runLog = yield* RunLog
  const takeStep = yield* pretrainStep
  const begunBy = standstills()

  return Effect.uninterruptible(
    Effect.gen(function* () {
      yield* catchUp(course)
      const { rateFactor, step, trainingSeconds } = course.progress
      const start = yield* seconds
      const taken = yield* takeStep(step, rateFactor)
      const elapsed = (yield* seconds) - start
      const { lossState, metrics, numImages } = taken
      const epoch = epochOf(course)
      const event: RunEvent = {
        event: "step",
        step,
        epoch,
        numSteps: course.numSteps,
        numEpochs: course.settings.numEpochs,
        metrics: { ...metrics, imagesPerSecond: numImages / elapsed, numTensors: tf.memory().numTensors },
        ...(lossState === undefined ? {} : { lossState }),
        stepMs: 1000 * elapsed
      }
      // The step is taken, whether the log hears of it or not.
      const progress = { ...course.progress, step: step + 1, trainingSeconds: trainingSeconds + elapsed }
      course.progress = { ...progress, unlogged: event }
      yield* runLog.record(event)
      course.progress = progress
      for (const standstill of begunBy(metrics)) {
        yield* runLog.record({ event: "standstill", step, epoch, ...standstill })
      }
    })
  )
})
