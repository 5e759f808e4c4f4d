import type { NonFiniteTensors } from "@moco/core/Finite"
import type { StageInvalid } from "@moco/core/Stage"
import type { TensorError } from "@moco/core/Tensor"
import { Effect } from "effect"
import type { GoBackError, SaveError } from "./Checkpoints.ts"
import type { NonFinite } from "./Diagnostics.ts"
import { courseOf, epochOf, keeping } from "./Pretrain/course.ts"
import { goingBack } from "./Pretrain/goingBack.ts"
import { judging } from "./Pretrain/judging.ts"
import type { PretrainResult, PretrainSettings } from "./Pretrain/settings.ts"
import { stepping } from "./Pretrain/stepping.ts"
import { RunLog, type RunLogError } from "./RunLog.ts"

export type { PretrainResult, PretrainSettings } from "./Pretrain/settings.ts"

/**
 * Trains the query encoder and judges it, with both baselines beside it.
 *
 * Interruptible between two steps and within an evaluation: whatever a step has begun is finished or left out as a whole,
 * and the state is saved. A run that continues from a checkpoint takes the same steps to the bit as one that was never
 * stopped.
 */
export const pretrain = Effect.fn("pretrain")(function* (settings: PretrainSettings) {
  const runLog = yield* RunLog
  const course = yield* courseOf(settings)
  const judge = yield* judging(course)
  const keep = yield* keeping(course)
  const goBack = yield* goingBack(course)
  const takeStep = Effect.catchTag(yield* stepping(course), "NonFinite", goBack)
  const judgeWhereDue = Effect.catchTag(judge.whereDue, "NonFinite", goBack)

  let isFinished = false
  const finished = (outcome: "completed" | "interrupted") =>
    Effect.suspend(() => {
      const { evaluationSeconds, step, trainingSeconds } = course.progress
      isFinished = outcome === "completed"
      const epoch = epochOf(course)
      return runLog.record({ event: "finished", step, epoch, outcome, trainingSeconds, evaluationSeconds })
    })

  const run = Effect.gen(function* () {
    if (settings.from !== undefined) yield* runLog.record({ event: "resumed", step: course.progress.step })
    // What was due when the run was stopped comes first.
    yield* judgeWhereDue
    while (course.progress.step < course.numSteps) {
      yield* takeStep
      // Lets signals and timers in: synchronous steps starve them.
      yield* Effect.yieldNow
      yield* judgeWhereDue
      yield* keep.whereDue
    }
    // In this order: what is said to be finished must be on disk.
    yield* Effect.uninterruptible(Effect.andThen(keep.now, finished("completed")))
    const { evaluationSeconds, evaluations, trainingSeconds } = course.progress
    const { encoder, rawPixels, untrainedEncoder } = evaluations
    const result: PretrainResult = {
      outcome: "completed",
      numSteps: course.numSteps,
      trainingSeconds,
      evaluationSeconds,
      evaluations: { encoder: encoder!, untrainedEncoder: untrainedEncoder!, rawPixels: rawPixels! }
    }
    return result
  })
  // Whoever stops a run has to hear when its state could not be saved.
  return yield* Effect.onInterrupt(run, () =>
    isFinished ? Effect.void : Effect.ensuring(keep.now, Effect.ignore(finished("interrupted")))
  )
})

/** What {@link pretrain} can fail with. */
export type PretrainError =
  | TensorError
  | StageInvalid
  | NonFinite
  | NonFiniteTensors
  | RunLogError
  | SaveError
  | GoBackError
