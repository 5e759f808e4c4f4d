import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { allFloatsOf, intsOf } from "../onHost.ts"
import { defaultLbfgs, iterateLbfgs, type LbfgsState, startLbfgs } from "./lbfgs.ts"
import type { Objective } from "./lineSearch.ts"
import { type Standardisation, standardisationOf, standardised } from "./standardise.ts"

/** A linear classifier of features: argmax of `(x - mean) / std . weight + bias`. */
export interface LinearModel {
  readonly weight_CK: Float32Array
  readonly bias_K: Float32Array
  /** Absent where features are taken as they are. */
  readonly standardisation: Standardisation | undefined
}

export interface LogisticSettings {
  /** What a unit of cross-entropy weighs beside half the squared weights: scikit-learn's `C`. */
  readonly C: number
  /** Largest entry of the gradient of the mean loss at which the search ends (default: 1e-4, scikit-learn's). */
  readonly tolerance?: number
  /** Default: 1000. */
  readonly maxIterations?: number
}

/** Features that are fitted, with their labels as rows of 0 and one 1. */
interface Labelled {
  readonly feature_NC: tf.Tensor2D
  readonly oneHot_NK: tf.Tensor2D
}

/**
 * scikit-learn's objective of multinomial logistic regression, over `C N`: mean cross-entropy + `||W||^2 / (2 C N)`; biases
 * are free. Products are float32 on the backend; what is summed over images and the parameters are float64.
 *
 * @returns of the weights [C, K] and after them the biases [K]
 */
export const logisticObjective =
  (labelled: Labelled, C: number): Objective =>
  (point) => {
    const { feature_NC, oneHot_NK } = labelled
    const [numImages, numFeatures] = feature_NC.shape
    const numWeights = numFeatures * oneHot_NK.shape[1]
    const regulariser = 1 / (C * numImages)
    const { ofBias_K, ofLabel_N, ofWeight_CK } = productsOf(labelled, Float32Array.from(point))
    let value = ofLabel_N.reduce((sum, logProbability) => sum - logProbability, 0) / numImages
    const gradient = new Float64Array(point.length)
    for (let at = 0; at < numWeights; at++) {
      value += 0.5 * regulariser * point[at]! ** 2
      gradient[at] = ofWeight_CK[at]! / numImages + regulariser * point[at]!
    }
    for (const [k, sum] of ofBias_K.entries()) gradient[numWeights + k] = sum / numImages
    return { value, gradient }
  }

/** The log probability of each label, and the gradients of their negative sum. */
const productsOf = ({ feature_NC, oneHot_NK }: Labelled, point: Float32Array) =>
  allFloatsOf(() => {
    const logProbability_NK = tf.logSoftmax(logitsOf(feature_NC, point))
    const residual_NK = tf.sub<tf.Tensor2D>(tf.exp(logProbability_NK), oneHot_NK)
    return {
      ofLabel_N: tf.sum(tf.mul(logProbability_NK, oneHot_NK), 1),
      ofWeight_CK: tf.matMul(feature_NC, residual_NK, true, false),
      ofBias_K: tf.sum(residual_NK, 0)
    }
  })

/** Logits of features under weights and, after them, biases. */
const logitsOf = (feature_NC: tf.Tensor2D, point: Float32Array): tf.Tensor2D => {
  const numFeatures = feature_NC.shape[1]
  const numClasses = point.length / (numFeatures + 1)
  const weight_CK = tf.tensor2d(point.subarray(0, numFeatures * numClasses), [numFeatures, numClasses])
  return tf.add(tf.matMul(feature_NC, weight_CK), tf.tensor1d(point.subarray(numFeatures * numClasses)))
}

/**
 * The minimum of {@link logisticObjective}. Between iterations others may run, and the search can be stopped.
 *
 * @param from  a point to start at, as `point` of another regulariser's minimum (default: zeros)
 */
export const minimise = Effect.fn("LogisticRegression.minimise")(function* (
  labelled: Labelled,
  { C, maxIterations = 1000, tolerance = defaultLbfgs.tolerance }: LogisticSettings,
  from?: Float64Array
) {
  const objective = logisticObjective(labelled, C)
  const settings = { ...defaultLbfgs, tolerance }
  const numParameters = (labelled.feature_NC.shape[1] + 1) * labelled.oneHot_NK.shape[1]
  let state: LbfgsState = yield* Tensor.run("LogisticRegression.start", () =>
    startLbfgs(objective, from ?? new Float64Array(numParameters), settings)
  )
  while (state.stopped === undefined && state.iterations < maxIterations) {
    yield* Effect.yieldNow
    state = yield* Tensor.run("LogisticRegression.iterate", () => iterateLbfgs(objective, state, settings))
  }
  return state
}, Effect.interruptible)

/** Rows of 0 with a 1 at the label. */
export const oneHotOf = (labels: ArrayLike<number>, numClasses: number): tf.Tensor2D => {
  // Not `tf.oneHot`, which refuses a single class.
  const values = new Float32Array(labels.length * numClasses)
  for (let row = 0; row < labels.length; row++) values[row * numClasses + labels[row]!] = 1
  return tf.tensor2d(values, [labels.length, numClasses])
}

export interface FitOptions {
  /** Whether each feature is given mean 0 and deviation 1 over the training images first (default: true). */
  readonly standardise?: boolean
}

/**
 * A logistic regression on cached features, as scikit-learn's `LogisticRegression` after its `StandardScaler`.
 *
 * @param feature_NC  of the training images; borrowed
 */
export const fitLogistic = Effect.fn("LogisticRegression.fit")(function* (
  feature_NC: tf.Tensor2D,
  labels: ArrayLike<number>,
  numClasses: number,
  settings: LogisticSettings,
  { standardise = true }: FitOptions = {}
) {
  const standardisation = yield* Tensor.run("LogisticRegression.standardisation", () =>
    standardise ? standardisationOf(feature_NC) : undefined
  )
  const labelled = yield* Tensor.scoped("LogisticRegression.features", () => ({
    feature_NC:
      standardisation === undefined
        ? tf.clone<tf.Tensor2D>(feature_NC)
        : standardised(feature_NC, standardisation),
    oneHot_NK: oneHotOf(labels, numClasses)
  }))
  const state = yield* minimise(labelled, settings)
  return { model: modelOf(state.point, numClasses, standardisation), state }
}, Effect.scoped)

/** The classifier of a minimum. */
export const modelOf = (
  point: Float64Array,
  numClasses: number,
  standardisation: Standardisation | undefined
): LinearModel => ({
  weight_CK: Float32Array.from(point.subarray(0, -numClasses)),
  bias_K: Float32Array.from(point.subarray(-numClasses)),
  standardisation
})

/** The class of the largest logit of each row; the lowest of equal ones. */
export const predict = (model: LinearModel, feature_NC: tf.Tensor2D): Int32Array =>
  intsOf(() => {
    const { bias_K, standardisation, weight_CK } = model
    const input_NC = standardisation === undefined ? feature_NC : standardised(feature_NC, standardisation)
    const point = new Float32Array(weight_CK.length + bias_K.length)
    point.set(weight_CK)
    point.set(bias_K, weight_CK.length)
    return tf.argMax(logitsOf(input_NC, point), 1)
  })
