import { QueryEncoder, type Weights, weightsOf } from "@moco/core/Encoder"
import * as Tensor from "@moco/core/Tensor"
import { Evaluation, type Represent } from "@moco/evaluation/Evaluation"
import { comparable, incomparable } from "@moco/evaluation/Evaluation/comparable"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { NonFinite, representation } from "../Diagnostics.ts"
import { LearningRate } from "../LearningRate.ts"
import { RunLog } from "../RunLog.ts"
import { type Course, epochOf, keeping, seconds } from "./course.ts"
import type { PretrainResult } from "./settings.ts"

const representations = {
  encoder: representation,
  untrainedEncoder: "the untrained encoder's representation",
  rawPixels: "the images as they are"
} as const

type Subject = keyof PretrainResult["evaluations"]

/** Pixels as they enter the encoder: the baseline that a representation has to beat. */
const rawPixels: Represent = (image_NHWC) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D

/**
 * Judges the encoder where it is time to and it was not done yet, and the baselines before its first judgement: to
 * judge them before the first step would only keep who started the run from seeing it train.
 * A state that is due on disk is there before it is judged, for judging may take minutes, and may fail.
 */
export const judging = Effect.fnUntraced(function* (course: Course) {
  const query = yield* QueryEncoder
  const evaluation = yield* Evaluation
  const runLog = yield* RunLog
  const learningRate = yield* LearningRate
  const keep = yield* keeping(course)

  // Judging may take minutes and can be stopped, and is then done again; what is logged is counted too.
  const judge = Effect.fnUntraced(function* (subject: Subject, represent: Represent) {
    const start = yield* seconds
    const neighbours = yield* Effect.catchTag(
      Effect.interruptible(evaluation.judge(comparable(represent, representations[subject]))),
      "TensorError",
      incomparable
    )
    const elapsed = (yield* seconds) - start
    const at = subject === "encoder" ? { step: course.progress.step, epoch: epochOf(course) } : untrained
    const told = { subject, neighbours, seconds: elapsed }
    yield* runLog.record({ event: "evaluation", ...at, ...told })
    note(told)
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

  const unjudged = (value: string) => {
    const { rateFactor, step } = course.progress
    const rate = rateFactor * learningRate.at(step / course.stepsPerEpoch)
    return new NonFinite({ step, metric: representations.encoder, where: [], value, learningRate: rate })
  }

  const representBy =
    (weights: Weights): Represent =>
    (image_NHWC) =>
      query.network.represent(weights, image_NHWC)
  const untrainedEncoder = Effect.gen(function* () {
    const { parameters, statistics } = yield* Tensor.scoped("Pretrain.untrained", () => ({
      ...query.untrained()
    }))
    yield* judge("untrainedEncoder", representBy({ parameters, statistics }))
  }).pipe(Effect.scoped)
  const isDue = () => {
    const { numSteps, settings, stepsPerEpoch } = course
    const { evaluatedAt, step } = course.progress
    const isTime = step === numSteps || step % (settings.evaluateEveryEpochs * stepsPerEpoch) === 0
    return isTime && step !== evaluatedAt
  }
  const whereDue = Effect.gen(function* () {
    if (!isDue()) return
    yield* keep.beforeJudging
    const { evaluations } = course.progress
    if (evaluations.rawPixels === undefined) yield* judge("rawPixels", rawPixels)
    if (evaluations.untrainedEncoder === undefined) yield* untrainedEncoder
    // Unlike the baselines, it has come to this by training: a run can go back from it.
    yield* Effect.catchTag(judge("encoder", representBy(weightsOf(query))), "NonFiniteTensors", ({ value }) =>
      Effect.fail(unjudged(value))
    )
    yield* keep.afterJudging
  })
  return { whereDue }
})

/** Where a course begins: what the baselines are judged at, whenever they are. */
const untrained = { step: 0, epoch: 0 }

interface Judgement {
  readonly subject: Subject
  readonly neighbours: PretrainResult["evaluations"][Subject]
  readonly seconds: number
}
