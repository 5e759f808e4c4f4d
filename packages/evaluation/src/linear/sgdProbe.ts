import * as CounterRandom from "@moco/core/CounterRandom"
import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { blocksOf } from "../unitRows.ts"
import { oneHotOf } from "./logisticRegression.ts"

/** How a probe is trained; the defaults are those of the authors' `main_lincls.py`, for ImageNet and a ResNet-50. */
export interface ProbeSettings {
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
  readonly batchSize: number
  readonly epochs: number
  /** Epochs before which the learning rate falls to a tenth. */
  readonly milestones: ReadonlyArray<number>
}

export const authorsProbe: ProbeSettings = {
  learningRate: 30,
  momentum: 0.9,
  weightDecay: 0,
  batchSize: 256,
  epochs: 100,
  milestones: [60, 80]
}

/** The probe's weights grew beyond all numbers. */
export class ProbeDiverged extends Schema.TaggedError<ProbeDiverged>()("ProbeDiverged", {
  epoch: Schema.Int,
  learningRate: Schema.Finite
}) {
  override get message() {
    return `the linear probe's weights are not finite after epoch ${this.epoch + 1}, at a learning rate of ${this.learningRate}\n  give the probe a smaller learning rate, or look whether the features are finite`
  }
}

/** Weight [C, K] and bias [K] with their velocities. */
const names = ["weight_CK", "bias_K", "weightVelocity_CK", "biasVelocity_K"] as const
export type ProbeState = Readonly<Record<(typeof names)[number], tf.Tensor>>

/** Weights from N(0, 0.01^2), biases and velocities 0. */
export const startProbe = (numFeatures: number, numClasses: number, seed: number): ProbeState => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.probe)
  const shape: [number, number] = [numFeatures, numClasses]
  return {
    weight_CK: tf.tensor2d(CounterRandom.normals(random, numFeatures * numClasses, 0.01), shape),
    bias_K: tf.zeros([numClasses]),
    weightVelocity_CK: tf.zeros(shape),
    biasVelocity_K: tf.zeros([numClasses])
  }
}

/**
 * One step of SGD on the mean cross-entropy of a batch, in PyTorch's order: the velocity is `momentum * velocity +
 * gradient`, and the parameter falls by `learningRate * velocity`.
 */
export const stepProbe = (
  state: ProbeState,
  feature_NC: tf.Tensor2D,
  oneHot_NK: tf.Tensor2D,
  { learningRate, momentum, weightDecay }: Pick<ProbeSettings, "learningRate" | "momentum" | "weightDecay">
): ProbeState =>
  tf.tidy(() => {
    const { biasVelocity_K, bias_K, weightVelocity_CK, weight_CK } = state
    const logits_NK = tf.add(tf.matMul(feature_NC, weight_CK as tf.Tensor2D), bias_K)
    const residual_NK = tf.div<tf.Tensor2D>(tf.sub(tf.softmax(logits_NK), oneHot_NK), feature_NC.shape[0])
    const moved = (velocity: tf.Tensor, parameter: tf.Tensor, gradient: tf.Tensor) => {
      const decayed = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay))
      const next = tf.add(tf.mul(velocity, momentum), decayed)
      return { velocity: next, parameter: tf.sub(parameter, tf.mul(next, learningRate)) }
    }
    const weight = moved(weightVelocity_CK, weight_CK, tf.matMul(feature_NC, residual_NK, true, false))
    const bias = moved(biasVelocity_K, bias_K, tf.sum(residual_NK, 0))
    return {
      weight_CK: weight.parameter,
      bias_K: bias.parameter,
      weightVelocity_CK: weight.velocity,
      biasVelocity_K: bias.velocity
    }
  })

/** The learning rate of an epoch, counted from 0. */
export const learningRateAt = ({ learningRate, milestones }: ProbeSettings, epoch: number): number =>
  learningRate * 0.1 ** milestones.filter((milestone) => milestone <= epoch).length

/**
 * Where a batch's features come from: reads what they are made of, and gives what makes them once tensors can be made.
 *
 * @param rows  the images of a batch
 * @param epoch  counted from 0, for views that are drawn anew
 */
export type BatchFeatures<E, R> = (rows: Int32Array, epoch: number) => Effect.Effect<() => tf.Tensor2D, E, R>

/** Features that were computed once; borrowed. */
export const cachedFeatures =
  (feature_NC: tf.Tensor2D): BatchFeatures<never, never> =>
  (rows) =>
    Effect.succeed(() => tf.gather(feature_NC, tf.tensor1d(rows, "int32")))

/**
 * A linear classifier trained by SGD on the features of a frozen encoder (He et al. 2020, section 4.1; `main_lincls.py`).
 * Every image once per epoch in a seeded order, the last batch as small as it comes out. Between steps others may run, and
 * the training can be stopped.
 *
 * @param featuresOf  [N, `numFeatures`] for a batch of N
 */
export const trainProbe = Effect.fn("SgdProbe.train")(
  function* <E, R>(
    featuresOf: BatchFeatures<E, R>,
    numFeatures: number,
    labels: ArrayLike<number>,
    numClasses: number,
    settings: ProbeSettings,
    seed: number
  ) {
    const oneHot_MK = yield* Tensor.scoped("SgdProbe.labels", () => oneHotOf(labels, numClasses))
    const cell = yield* Tensor.cell("SgdProbe.start", () => startProbe(numFeatures, numClasses, seed))
    const state = () => cell.get() as ProbeState
    for (let epoch = 0; epoch < settings.epochs; epoch++) {
      const learningRate = learningRateAt(settings, epoch)
      const order = orderOf(labels.length, epoch, seed)
      for (const [from, to] of blocksOf(labels.length, settings.batchSize)) {
        const rows = order.subarray(from, to)
        const makeFeatures = yield* featuresOf(rows, epoch)
        cell.replace(
          yield* Tensor.run("SgdProbe.step", () =>
            stepProbe(state(), makeFeatures(), tf.gather(oneHot_MK, tf.tensor1d(rows, "int32")), {
              ...settings,
              learningRate
            })
          )
        )
        yield* Effect.yieldNow
      }
      const isFinite = yield* Tensor.run("SgdProbe.isFinite", () => isAllFinite(state().weight_CK))
      if (!isFinite) return yield* new ProbeDiverged({ epoch, learningRate })
    }
    return yield* Tensor.run("SgdProbe.model", () => ({
      weight_CK: state().weight_CK.dataSync<"float32">(),
      bias_K: state().bias_K.dataSync<"float32">(),
      standardisation: undefined
    }))
  },
  Effect.scoped,
  Effect.interruptible
)

const orderOf = (numImages: number, epoch: number, seed: number): Int32Array =>
  CounterRandom.permutation(CounterRandom.make(seed, CounterRandom.Purpose.probe, epoch, 1), numImages)

const isAllFinite = (tensor: tf.Tensor): boolean => tf.all(tf.isFinite(tensor)).dataSync()[0] === 1
