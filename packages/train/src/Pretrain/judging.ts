import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Evaluation, type Represent } from "../Evaluation.ts"
import { RunLog } from "../RunLog.ts"
import { type Course, epochOf, seconds } from "./course.ts"
import type { PretrainResult } from "./settings.ts"

type Subject = keyof PretrainResult["evaluations"]

/** Pixels as they enter the encoder: the baseline that a representation has to beat. */
const rawPixels: Represent = (image_NHWC) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D

/** Judges the encoder and the baselines, where it is time to and it was not done yet. */
export const judging = Effect.fnUntraced(function* (course: Course) {
  const query = yield* QueryEncoder
  const evaluation = yield* Evaluation
  const runLog = yield* RunLog

  // Judging may take minutes and can be stopped, and is then done again; what is logged is counted too.
  const judge = Effect.fnUntraced(function* (subject: Subject, represent: Represent) {
    const start = yield* seconds
    const neighbours = yield* evaluation.judge(represent)
    const elapsed = (yield* seconds) - start
    const { step } = course.progress
    const told = { subject, neighbours, seconds: elapsed }
    const record = runLog.record({ event: "evaluation", step, epoch: epochOf(course), ...told })
    yield* Effect.uninterruptible(
      Effect.andThen(
        record,
        Effect.sync(() => note(told))
      )
    )
  })

  const note = ({ neighbours, seconds, subject }: Judgement) => {
    const { progress } = course
    const { accuracy } = neighbours[0]!
    const isBest = subject === "encoder" && accuracy > (progress.best?.accuracy ?? Number.NEGATIVE_INFINITY)
    course.progress = {
      ...progress,
      evaluationSeconds: progress.evaluationSeconds + seconds,
      evaluations: { ...progress.evaluations, [subject]: neighbours },
      ...(subject === "encoder" ? { evaluatedAt: progress.step } : {}),
      ...(isBest ? { best: { step: progress.step, accuracy } } : {})
    }
  }

  const representByQuery: Represent = (image_NHWC) => query.network.represent(weightsOf(query), image_NHWC)
  const baselines = Effect.gen(function* () {
    const { evaluations } = course.progress
    if (evaluations.rawPixels === undefined) yield* judge("rawPixels", rawPixels)
    if (evaluations.untrainedEncoder === undefined) yield* judge("untrainedEncoder", representByQuery)
  })
  const encoderWhereDue = Effect.suspend(() => {
    const { numSteps, settings, stepsPerEpoch } = course
    const { evaluatedAt, step } = course.progress
    const isTime = step === numSteps || step % (settings.evaluateEveryEpochs * stepsPerEpoch) === 0
    return isTime && step > evaluatedAt ? judge("encoder", representByQuery) : Effect.void
  })
  return { baselines, encoderWhereDue }
})

interface Judgement {
  readonly subject: Subject
  readonly neighbours: PretrainResult["evaluations"][Subject]
  readonly seconds: number
}
