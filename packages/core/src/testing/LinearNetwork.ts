import * as tf from "@tensorflow/tfjs-core"
import * as CounterRandom from "../CounterRandom.ts"
import type { Network, Weights } from "../Encoder.ts"
import { l2Normalize } from "../internal/l2Normalize.ts"

const flatten = (x_NHWC: tf.Tensor4D): tf.Tensor2D => tf.reshape(x_NHWC, [x_NHWC.shape[0], -1])

const networkOf = (featureSize: number, weight: (seed: number) => tf.Tensor2D): Network => {
  const project = ({ parameters }: Weights, x_NHWC: tf.Tensor4D) =>
    tf.matMul(flatten(x_NHWC), parameters["weight"] as tf.Tensor2D) as tf.Tensor2D
  return {
    featureSize,
    init: (seed) => ({ parameters: { weight: weight(seed) }, statistics: { batches: tf.scalar(0) } }),
    train: (weights, view_NHWC, keep) => ({
      feature_ND: l2Normalize(project(weights, view_NHWC)),
      statistics: { batches: keep(tf.add(weights.statistics["batches"]!, 1)) }
    }),
    trainBackbone: (weights, view_NHWC, keep) => ({
      row_NC: project(weights, view_NHWC),
      statistics: { batches: keep(tf.add(weights.statistics["batches"]!, 1)) }
    }),
    represent: project,
    project: (weights, image_NHWC) => l2Normalize(project(weights, image_NHWC))
  }
}

/**
 * The smallest network with everything a stage can see: one random matrix, and a statistic that counts batches.
 *
 * @param inputSize  numbers per view
 */
export const linear = (inputSize: number, featureSize: number): Network =>
  networkOf(featureSize, (seed) => {
    const random = CounterRandom.make(seed, CounterRandom.Purpose.encoderInit)
    return tf.tensor2d(CounterRandom.normals(random, inputSize * featureSize), [inputSize, featureSize])
  })

/** Features are the views themselves, scaled to length 1: keys can be told from the images alone. */
export const identity = (size: number): Network => networkOf(size, () => tf.eye(size))
