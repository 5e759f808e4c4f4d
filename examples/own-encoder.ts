import * as CounterRandom from "@moco/core/CounterRandom"
import { type Network, QueryEncoder, type Weights } from "@moco/core/Encoder"
import { Dataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { train } from "./train.ts"

const unitRows = (row_ND: tf.Tensor2D) =>
  tf.div<tf.Tensor2D>(row_ND, tf.maximum(tf.norm(row_ND, 2, 1, true), 1e-12))

/** One hidden layer on the pixels: what it gives is the representation, a projection of it the feature. */
const perceptron = (inputs: number, width: number, featureSize: number): Network => {
  const matrix = (seed: number, layer: number, rows: number, columns: number) => {
    const random = CounterRandom.make(seed, CounterRandom.Purpose.encoderInit, layer)
    return tf.tensor2d(CounterRandom.normals(random, rows * columns, Math.sqrt(2 / rows)), [rows, columns])
  }
  const represent = ({ parameters }: Weights, image_NHWC: tf.Tensor4D) =>
    tf.relu(
      tf.matMul(tf.reshape(image_NHWC, [-1, inputs]), parameters["hidden"] as tf.Tensor2D)
    ) as tf.Tensor2D
  const project = (weights: Weights, image_NHWC: tf.Tensor4D) =>
    unitRows(tf.matMul(represent(weights, image_NHWC), weights.parameters["head"] as tf.Tensor2D))
  return {
    featureSize,
    init: (seed) => ({
      parameters: { hidden: matrix(seed, 0, inputs, width), head: matrix(seed, 1, width, featureSize) },
      statistics: {}
    }),
    train: (weights, view_NHWC) => ({ feature_ND: project(weights, view_NHWC), statistics: {} }),
    trainBackbone: (weights, view_NHWC) => ({ row_NC: represent(weights, view_NHWC), statistics: {} }),
    represent,
    project
  }
}

/**
 * An encoder of your own: a network is pure functions of its weights.
 *
 *     npx nx run examples:own-encoder
 */
export const layerPerceptron = (width: number, seed: number) =>
  Layer.unwrap(
    Effect.map(Dataset.checked, ({ input: { channels, height, width: columns } }) =>
      QueryEncoder.layer(perceptron(height * columns * channels, width, 64), seed)
    )
  )

if (import.meta.main) train({ encoder: layerPerceptron(256, 1) })
