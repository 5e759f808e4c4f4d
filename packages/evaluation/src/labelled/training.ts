import * as CounterRandom from "@moco/core/CounterRandom"
import type { Network, Weights } from "@moco/core/Encoder"
import { valueAndGradients } from "@moco/core/Gradient"
import { sgdStep } from "@moco/core/Parameters"
import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Record, Schema } from "effect"

/** A network with a linear layer on its backbone, and what the optimizer keeps of each parameter. */
export interface LabelledState {
  readonly network: Weights
  readonly classifier: { readonly weight_CK: tf.Tensor; readonly bias_K: tf.Tensor }
  /** By the names of {@link parametersOf}. */
  readonly moments: Tensor.NamedTensors
}

/** Every parameter under one name of its own. */
const parametersOf = ({ classifier, network }: Pick<LabelledState, "network" | "classifier">) => ({
  ...Tensor.prefixed(network.parameters, "network"),
  ...Tensor.prefixed({ ...classifier }, "classifier")
})

/** A copy of the weights, and a classifier from N(0, 0.01^2) with biases of 0; the caller owns all of it. */
export const startLabelled = (
  weights: Weights,
  [numFeatures, numClasses]: readonly [number, number],
  seed: number
): LabelledState => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.probe, 0, 3)
  const network = {
    parameters: Tensor.clone(weights.parameters),
    statistics: Tensor.clone(weights.statistics)
  }
  const values = CounterRandom.normals(random, numFeatures * numClasses, 0.01)
  const classifier = {
    weight_CK: tf.tensor2d(values, [numFeatures, numClasses]),
    bias_K: tf.zeros([numClasses])
  }
  const moments = Record.map(parametersOf({ network, classifier }), (parameter) => tf.zerosLike(parameter))
  return { network, classifier, moments }
}

/** Settings of a step; see `SgdStep`. */
interface LabelledStep {
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
}

/**
 * One step of SGD on the mean cross-entropy of a batch, by all parameters that the loss depends on: a projection head
 * stays as it is. To be called within a tidy; what it gives belongs to the caller, or is of the state before.
 *
 * @throws LabelledDiverged when the loss is no number
 */
export const stepLabelled = (
  network: Network,
  state: LabelledState,
  view_NHWC: tf.Tensor4D,
  oneHot_NK: tf.Tensor2D,
  settings: LabelledStep,
  keep: Tensor.Keep
): LabelledState => {
  const parameters = parametersOf(state)
  let { statistics } = state.network
  const { gradients, value } = valueAndGradients((named) => {
    const weights = { parameters: Tensor.unprefixed(named, "network"), statistics }
    const trained = network.trainBackbone(weights, view_NHWC, keep)
    statistics = trained.statistics
    return crossEntropy(logitsOf(trained.row_NC, classifierOf(named)), oneHot_NK)
  }, parameters)
  const loss = value.dataSync()[0]!
  if (!Number.isFinite(loss))
    throw new LabelledDiverged({ loss: String(loss), learningRate: settings.learningRate })
  const moved = <T>(tensors: Readonly<Record<string, T>>) =>
    Record.filter(tensors, (_, name) => name in gradients)
  const next = sgdStep(moved(parameters), gradients, moved(state.moments), settings)
  const all = { ...parameters, ...next.parameters }
  return {
    network: { parameters: Tensor.unprefixed(all, "network"), statistics },
    classifier: classifierOf(all),
    moments: { ...state.moments, ...next.moments }
  }
}

/** The state with the running statistics that one more batch gives, and nothing else moved. */
export const settleStatistics = (
  network: Network,
  state: LabelledState,
  view_NHWC: tf.Tensor4D,
  keep: Tensor.Keep
): LabelledState => {
  const { statistics } = network.trainBackbone(state.network, view_NHWC, keep)
  return { ...state, network: { ...state.network, statistics } }
}

const classifierOf = (named: Tensor.NamedTensors): LabelledState["classifier"] => ({
  weight_CK: named["classifier.weight_CK"]!,
  bias_K: named["classifier.bias_K"]!
})

/** What the linear layer says of rows. */
export const logitsOf = (
  row_NC: tf.Tensor2D,
  { bias_K, weight_CK }: LabelledState["classifier"]
): tf.Tensor2D => tf.add(tf.matMul(row_NC, weight_CK as tf.Tensor2D), bias_K)

const crossEntropy = (logits_NK: tf.Tensor2D, oneHot_NK: tf.Tensor2D): tf.Scalar =>
  tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits_NK), oneHot_NK), 1)))

/** Half a cosine from `base` to 0 over the steps (Loshchilov and Hutter 2017). */
export const cosineRate = (base: number, step: number, numSteps: number): number =>
  0.5 * base * (1 + Math.cos((Math.PI * step) / numSteps))

/** The weights of a network that was trained with labels grew beyond all numbers. */
export class LabelledDiverged extends Schema.TaggedError<LabelledDiverged>()("LabelledDiverged", {
  loss: Schema.String,
  learningRate: Schema.Finite
}) {
  override get message() {
    return `the loss of the training with labels is ${this.loss}, at a learning rate of ${this.learningRate}\n  give the evaluation a smaller learningRate`
  }
}

/** All tensors of a state, by names of their own. */
export const tensorsOf = (state: LabelledState): Tensor.NamedTensors => ({
  ...Tensor.prefixed(parametersOf(state), "parameters"),
  ...Tensor.prefixed(state.network.statistics, "statistics"),
  ...Tensor.prefixed(state.moments, "moments")
})

/** The state of the tensors that {@link tensorsOf} gave. */
export const stateOf = (tensors: Tensor.NamedTensors): LabelledState => {
  const parameters = Tensor.unprefixed(tensors, "parameters")
  return {
    network: {
      parameters: Tensor.unprefixed(parameters, "network"),
      statistics: Tensor.unprefixed(tensors, "statistics")
    },
    classifier: classifierOf(parameters),
    moments: Tensor.unprefixed(tensors, "moments")
  }
}
