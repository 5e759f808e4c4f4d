import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import type { TensorError } from "@moco/core/Tensor"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Clock, Effect } from "effect"
import type { NonFinite } from "./Diagnostics.ts"
import { Evaluation, type KnnAccuracy, type Represent } from "./Evaluation.ts"
import { pretrainStep } from "./PretrainStep.ts"
import { RunLog, type RunLogError } from "./RunLog.ts"

/** How long to train and how often to look. */
export interface PretrainSettings {
  readonly numEpochs: number
  readonly evaluateEveryEpochs: number
}

/** What a completed run has to show; the baselines are judged in the same run by the same protocol. */
export interface PretrainResult {
  readonly outcome: "completed"
  readonly numSteps: number
  readonly trainingSeconds: number
  readonly evaluationSeconds: number
  readonly evaluations: {
    readonly encoder: ReadonlyArray<KnnAccuracy>
    readonly untrainedEncoder: ReadonlyArray<KnnAccuracy>
    readonly rawPixels: ReadonlyArray<KnnAccuracy>
  }
}

type Subject = keyof PretrainResult["evaluations"]

const seconds = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e9)

/** Pixels as they enter the encoder: the baseline that a representation has to beat. */
const rawPixels: Represent = (image_NHWC) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D

/**
 * Trains the query encoder and judges it, with both baselines beside it.
 *
 * Interruptible between two steps: whatever a step has begun is finished or left out as a whole.
 */
export const pretrain = Effect.fn("pretrain")(function* (settings: PretrainSettings) {
  const { stepsPerEpoch } = yield* ViewPairs
  const query = yield* QueryEncoder
  const evaluation = yield* Evaluation
  const runLog = yield* RunLog
  const takeStep = yield* pretrainStep
  const { numEpochs } = settings
  const numSteps = numEpochs * stepsPerEpoch
  const spent = { training: 0, evaluation: 0 }

  const judge = Effect.fnUntraced(function* (subject: Subject, step: number, represent: Represent) {
    const start = yield* seconds
    const neighbours = yield* evaluation.judge(represent)
    const elapsed = (yield* seconds) - start
    spent.evaluation += elapsed
    const epoch = Math.floor(step / stepsPerEpoch)
    yield* runLog.record({ event: "evaluation", step, epoch, subject, neighbours, seconds: elapsed })
    return neighbours
  })
  const judgeEncoder = (subject: Subject, step: number) =>
    judge(subject, step, (image_NHWC) => query.network.represent(weightsOf(query), image_NHWC))

  let step = 0
  /** Taken, counted and logged as a whole, or not at all. */
  const trainStep = Effect.gen(function* () {
    const start = yield* seconds
    const { numImages, ...diagnostics } = yield* takeStep(step)
    const elapsed = (yield* seconds) - start
    spent.training += elapsed
    yield* runLog.record({
      event: "step",
      epoch: Math.floor(step / stepsPerEpoch),
      numSteps,
      numEpochs,
      ...diagnostics,
      stepMs: 1000 * elapsed,
      imagesPerSecond: numImages / elapsed,
      numTensors: tf.memory().numTensors
    })
    step++
  }).pipe(Effect.uninterruptible)

  const finished = (step: number, outcome: "completed" | "interrupted") =>
    runLog.record({
      event: "finished",
      step,
      epoch: Math.floor(step / stepsPerEpoch),
      outcome,
      trainingSeconds: spent.training,
      evaluationSeconds: spent.evaluation
    })

  const run = Effect.gen(function* () {
    const baseline = yield* judge("rawPixels", 0, rawPixels)
    const untrainedEncoder = yield* judgeEncoder("untrainedEncoder", 0)
    let encoder = untrainedEncoder
    while (step < numSteps) {
      yield* trainStep
      // Lets signals and timers in: synchronous steps starve them.
      yield* Effect.yieldNow
      const isDue = step % (settings.evaluateEveryEpochs * stepsPerEpoch) === 0
      if (isDue || step === numSteps) encoder = yield* judgeEncoder("encoder", step)
    }
    yield* finished(step, "completed")
    const result: PretrainResult = {
      outcome: "completed",
      numSteps,
      trainingSeconds: spent.training,
      evaluationSeconds: spent.evaluation,
      evaluations: { encoder, untrainedEncoder, rawPixels: baseline }
    }
    return result
  })
  return yield* Effect.onInterrupt(run, () => Effect.ignore(finished(step, "interrupted")))
})

/** What {@link pretrain} can fail with. */
export type PretrainError = TensorError | NonFinite | RunLogError
