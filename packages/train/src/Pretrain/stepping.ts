import type { TensorError } from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Checkpoints } from "../Checkpoints.ts"
import type { NonFinite } from "../Diagnostics.ts"
import { pretrainStep } from "../PretrainStep.ts"
import { type RunEvent, RunLog } from "../RunLog.ts"
import { type Course, catchUp, epochOf, keeping, seconds } from "./course.ts"

/** What the learning rate is multiplied by at every rollback, and how often a run may go back. */
const rollbackFactor = 0.5
const maxRollbacks = 5

/** One step of a run, taken and logged; interruption waits until it is. */
export const stepping = Effect.fnUntraced(function* (course: Course) {
  const runLog = yield* RunLog
  const checkpoints = yield* Checkpoints
  const keep = yield* keeping(course)
  const takeStep = yield* pretrainStep
  const goesBack = course.settings.onNonFinite === "rollback"

  /** A step that failed has changed nothing: what there was before it is saved, unless the run goes back from it. */
  const saveBefore = ({ _tag }: NonFinite | TensorError) =>
    _tag === "NonFinite" && goesBack ? Effect.void : Effect.ignore(keep.now)

  const step = Effect.gen(function* () {
    yield* catchUp(course)
    const { rateFactor, step, trainingSeconds } = course.progress
    const start = yield* seconds
    const taken = yield* Effect.tapError(takeStep(step, rateFactor), saveBefore)
    const elapsed = (yield* seconds) - start
    const { numImages, ...diagnostics } = taken
    const event: RunEvent = {
      event: "step",
      epoch: epochOf(course),
      numSteps: course.numSteps,
      numEpochs: course.settings.numEpochs,
      ...diagnostics,
      stepMs: 1000 * elapsed,
      imagesPerSecond: numImages / elapsed,
      numTensors: tf.memory().numTensors
    }
    // The step is taken, whether the log hears of it or not.
    const progress = { ...course.progress, step: step + 1, trainingSeconds: trainingSeconds + elapsed }
    course.progress = { ...progress, unlogged: event }
    yield* runLog.record(event)
    course.progress = progress
  })

  /** Goes back to the last checkpoint, and on from there with a smaller learning rate. */
  const rollBack = Effect.fnUntraced(function* (error: NonFinite) {
    const { rateFactor: failedFactor, rollbacks } = course.progress
    if (!goesBack || rollbacks >= maxRollbacks) return yield* error
    const restored = yield* checkpoints.rollback
    if (restored === undefined) return yield* error
    const rateFactor = rollbackFactor * Math.min(failedFactor, restored.rateFactor)
    course.progress = { ...restored, rateFactor, rollbacks: rollbacks + 1 }
    yield* runLog.truncate(restored.logPosition)
    const { message: reason, step: failedStep } = error
    yield* runLog.record({ event: "rolledBack", step: restored.step, failedStep, reason, rateFactor })
  })

  return Effect.uninterruptible(Effect.catchTag(step, "NonFinite", rollBack))
})
