import * as CounterRandom from "@moco/core/CounterRandom"
import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema, type Scope } from "effect"
import { floatsOf } from "../onHost.ts"
import { blocksOf } from "../unitRows.ts"
import type { LinearModel } from "./logisticRegression.ts"

/** How a probe is trained; the defaults are those of the authors' `main_lincls.py`, for ImageNet and a ResNet-50. */
interface ProbeSettings {
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

/** What may be set of it; where it is not, it is as the authors have it. */
export type ProbeOptions = Partial<Pick<ProbeSettings, "epochs" | "learningRate" | "batchSize">>

/**
 * The authors' schedule of other lengths and sizes: the learning rate falls after 60 % and after 80 % of the epochs, rounded.
 * Of few epochs it falls once where both are one, and not where there is no epoch after them.
 */
export const probeOf = (options: ProbeOptions): ProbeSettings => {
  const { batchSize, epochs, learningRate } = { ...authorsProbe, ...options }
  const rounded = [0.6, 0.8].map((part) => Math.round(part * epochs))
  const milestones = [...new Set(rounded)].filter((milestone) => milestone < epochs)
  return { ...authorsProbe, batchSize, epochs, learningRate, milestones }
}

/** The probe's weights grew beyond all numbers. */
export class ProbeDiverged extends Schema.TaggedError<ProbeDiverged>()("ProbeDiverged", {
  epoch: Schema.Int,
  /** That of the settings, at which it began. */
  learningRate: Schema.Finite
}) {
  override get message() {
    return `the linear probe's weights are not finite after epoch ${this.epoch + 1}, at a learning rate of ${this.learningRate} at the start\n  give the probe a smaller learning rate, or look whether the features are finite`
  }
}

/**
 * Weights and biases with their velocities. They stand on the host: to change the few numbers of a linear classifier there
 * takes less time than to ask a backend for it.
 */
export interface ProbeState {
  readonly weight_CK: Float32Array
  readonly bias_K: Float32Array
  readonly weightVelocity_CK: Float32Array
  readonly biasVelocity_K: Float32Array
}

/** Weights from N(0, 0.01^2), biases and velocities 0. */
export const startProbe = (numFeatures: number, numClasses: number, seed: number): ProbeState => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.probe)
  const numWeights = numFeatures * numClasses
  return {
    weight_CK: CounterRandom.normals(random, numWeights, 0.01),
    bias_K: new Float32Array(numClasses),
    weightVelocity_CK: new Float32Array(numWeights),
    biasVelocity_K: new Float32Array(numClasses)
  }
}

type StepSettings = Pick<ProbeSettings, "learningRate" | "momentum" | "weightDecay">

/**
 * One step of SGD on the mean cross-entropy of a batch, in PyTorch's order: the velocity is `momentum * velocity +
 * gradient`, and the parameter falls by `learningRate * velocity`.
 *
 * @param labels  of the N rows
 */
export const stepProbe = (
  state: ProbeState,
  feature_NC: tf.Tensor2D,
  labels: ArrayLike<number>,
  settings: StepSettings
): ProbeState => {
  const [numRows, numFeatures] = feature_NC.shape
  const numClasses = state.bias_K.length
  const product_NK = floatsOf(() =>
    tf.matMul(feature_NC, tf.tensor2d(state.weight_CK, [numFeatures, numClasses]))
  )
  const { ofBias_K, ofLogit_NK } = gradientsOf(product_NK, state.bias_K, labels)
  const ofWeight_CK = floatsOf(() =>
    tf.matMul(feature_NC, tf.tensor2d(ofLogit_NK, [numRows, numClasses]), true, false)
  )
  const weight = moved(state.weight_CK, state.weightVelocity_CK, ofWeight_CK, settings)
  const bias = moved(state.bias_K, state.biasVelocity_K, ofBias_K, settings)
  return {
    weight_CK: weight.parameter,
    bias_K: bias.parameter,
    weightVelocity_CK: weight.velocity,
    biasVelocity_K: bias.velocity
  }
}

/** Gradients of the mean cross-entropy: `(softmax - one-hot) / N` of the logits, and its sum over rows of the biases. */
const gradientsOf = (product_NK: Float32Array, bias_K: Float32Array, labels: ArrayLike<number>) => {
  const numClasses = bias_K.length
  const ofLogit_NK = new Float32Array(product_NK.length)
  const ofBias_K = new Float32Array(numClasses)
  const exponential_K = new Float64Array(numClasses)
  for (let row = 0; row < labels.length; row++) {
    const start = row * numClasses
    let largest = Number.NEGATIVE_INFINITY
    for (let k = 0; k < numClasses; k++) largest = Math.max(largest, product_NK[start + k]! + bias_K[k]!)
    let sum = 0
    for (let k = 0; k < numClasses; k++) {
      exponential_K[k] = Math.exp(product_NK[start + k]! + bias_K[k]! - largest)
      sum += exponential_K[k]!
    }
    for (let k = 0; k < numClasses; k++) {
      const gradient = (exponential_K[k]! / sum - (k === labels[row] ? 1 : 0)) / labels.length
      ofLogit_NK[start + k] = gradient
      ofBias_K[k]! += gradient
    }
  }
  return { ofLogit_NK, ofBias_K }
}

const moved = (
  parameter: Float32Array,
  velocity: Float32Array,
  gradient: Float32Array,
  { learningRate, momentum, weightDecay }: StepSettings
) => {
  const next = velocity.map((value, at) => momentum * value + gradient[at]! + weightDecay * parameter[at]!)
  return { velocity: next, parameter: parameter.map((value, at) => value - learningRate * next[at]!) }
}

/** The learning rate of an epoch, counted from 0. */
export const learningRateAt = ({ learningRate, milestones }: ProbeSettings, epoch: number): number =>
  learningRate * 0.1 ** milestones.filter((milestone) => milestone <= epoch).length

/**
 * Where a batch's features come from; they belong to the Scope.
 *
 * @param rows  the images of a batch
 * @param epoch  counted from 0, for views that are drawn anew
 */
export type BatchFeatures<E> = (
  rows: Int32Array,
  epoch: number
) => Effect.Effect<tf.Tensor2D, E | Tensor.TensorError, Scope.Scope>

/** Features that were computed once; borrowed. */
export const cachedFeatures =
  (feature_NC: tf.Tensor2D): BatchFeatures<never> =>
  (rows) =>
    Tensor.scoped("SgdProbe.features", () => tf.gather(feature_NC, tf.tensor1d(rows, "int32")))

/**
 * A linear classifier trained by SGD on the features of a frozen encoder (He et al. 2020, section 4.1; `main_lincls.py`).
 * Every image once per epoch in a seeded order, the last batch as small as it comes out. Between steps others may run, and
 * the training can be stopped.
 *
 * @param featuresOf  [N, `numFeatures`] for a batch of N
 */
export const trainProbe = Effect.fn("SgdProbe.train")(function* <E>(
  featuresOf: BatchFeatures<E>,
  numFeatures: number,
  labels: ArrayLike<number>,
  numClasses: number,
  settings: ProbeSettings,
  seed: number
) {
  let state = startProbe(numFeatures, numClasses, seed)
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const learningRate = learningRateAt(settings, epoch)
    const order = orderOf(labels.length, epoch, seed)
    for (const [from, to] of blocksOf(labels.length, settings.batchSize)) {
      const rows = order.subarray(from, to)
      const labelsOfRows = rows.map((row) => labels[row]!)
      state = yield* featuresOf(rows, epoch).pipe(
        Effect.flatMap((feature_NC) =>
          Tensor.run("SgdProbe.step", () =>
            stepProbe(state, feature_NC, labelsOfRows, { ...settings, learningRate })
          )
        ),
        Effect.scoped
      )
      yield* Effect.yieldNow
    }
    if (!state.weight_CK.every(Number.isFinite))
      return yield* new ProbeDiverged({ epoch, learningRate: settings.learningRate })
  }
  return { weight_CK: state.weight_CK, bias_K: state.bias_K, standardisation: undefined } as LinearModel
}, Effect.interruptible)

const orderOf = (numImages: number, epoch: number, seed: number): Int32Array =>
  CounterRandom.permutation(CounterRandom.make(seed, CounterRandom.Purpose.probe, epoch, 1), numImages)
