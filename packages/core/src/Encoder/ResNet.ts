import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Network, Weights } from "../Encoder.ts"
import { batchNorm, batchNormInference } from "../internal/kernels/batchNorm.ts"
import type { Activation, BatchNormWeights } from "../internal/kernels/batchNormTerms.ts"
import { conv2d } from "../internal/kernels/conv2d.ts"
import { maxPool3x3 } from "../internal/kernels/maxPool.ts"
import { relu } from "../internal/kernels/relu.ts"
import { l2Normalize } from "../internal/l2Normalize.ts"
import * as Stage from "../Stage.ts"
import type { Keep, NamedTensors } from "../Tensor.ts"
import type { ResNetConfig } from "./ResNetConfig.ts"
import { initialWeights } from "./ResNetInit.ts"
import { type Block, type ConvSpec, layoutOf, type ResNetLayout } from "./ResNetLayout.ts"
import { layoutNeeds, type Use, useNeeds } from "./ResNetNeeds.ts"

export type { Use } from "./ResNetNeeds.ts"

/** A ResNet for the images and batches of `use`; fails where it cannot be, or cannot work on them. */
export const checked = (config: ResNetConfig, use: Use): Effect.Effect<Network, Stage.StageInvalid> =>
  Effect.map(Stage.check("ResNet", ...useNeeds(config, use)), () => make(config, use.channels))

/**
 * A ResNet with torchvision's parameter names, initialisation and arithmetic.
 *
 * ResNet-18 is `basic [2,2,2,2]`, -34 `basic [3,4,6,3]`, -50 `bottleneck [3,4,6,3]`, each of width 64; the
 * CIFAR ResNet-20 is `basic [3,3,3]` of width 16.
 *
 * @param channels  channels of the images
 * @throws StageInvalid when there is no such network; {@link checked} fails with it
 */
export const make = (config: ResNetConfig, channels: number): Network => {
  const unmet = Stage.firstUnmet("ResNet", layoutNeeds(config, channels))
  if (unmet !== undefined) throw unmet
  const layout = layoutOf(config, channels)
  return {
    featureSize: config.featureSize,
    init: (seed) => initialWeights(layout, seed),
    train: (weights, view_NHWC, keep) => train(layout, weights, view_NHWC, keep),
    trainBackbone: (weights, view_NHWC, keep) => trainBackbone(layout, weights, view_NHWC, keep),
    represent: (weights, image_NHWC) => represent(layout, weights, image_NHWC),
    project: (weights, image_NHWC) =>
      tf.tidy(() => l2Normalize(head(layout, weights.parameters, represent(layout, weights, image_NHWC))))
  }
}

const represent = (layout: ResNetLayout, weights: Weights, image_NHWC: tf.Tensor4D): tf.Tensor2D => {
  const normalise: Normalise = (name, x, activation) =>
    batchNormInference(x, batchNormWeights(weights, name), activation)
  return tf.tidy(() => backbone(layout, weights.parameters, image_NHWC, normalise))
}

type Normalise = (name: string, x_NHWC: tf.Tensor4D, activation: Activation) => tf.Tensor4D

const batchNormWeights = ({ parameters, statistics }: Weights, name: string): BatchNormWeights => ({
  scale_C: parameters[`${name}.weight`] as tf.Tensor1D,
  offset_C: parameters[`${name}.bias`] as tf.Tensor1D,
  runningMean_C: statistics[`${name}.running_mean`] as tf.Tensor1D,
  runningVariance_C: statistics[`${name}.running_var`] as tf.Tensor1D
})

/** Batch norm by the batch, in `groups` parts of it, and where its new running statistics are put. */
const byBatch = (weights: Weights, groups: number, keep: Keep) => {
  const statistics: Record<string, tf.Tensor> = {}
  const normalise: Normalise = (name, x, activation) => {
    const result = batchNorm(x, batchNormWeights(weights, name), groups, activation)
    statistics[`${name}.running_mean`] = keep(result.runningMean_C)
    statistics[`${name}.running_var`] = keep(result.runningVariance_C)
    return result.y_NHWC
  }
  return { normalise, statistics: statistics as NamedTensors }
}

const trainBackbone = (layout: ResNetLayout, weights: Weights, view_NHWC: tf.Tensor4D, keep: Keep) => {
  const { normalise, statistics } = byBatch(weights, 1, keep)
  const row_NC = tf.tidy(() => backbone(layout, weights.parameters, view_NHWC, normalise))
  return { row_NC, statistics }
}

const train = (layout: ResNetLayout, weights: Weights, view_NHWC: tf.Tensor4D, keep: Keep) => {
  const groups = layout.batchNormGroups
  const { normalise, statistics } = byBatch(weights, groups, keep)
  const feature_ND = tf.tidy(() => {
    const grouped_NHWC = toGroups(view_NHWC, groups)
    const representation = backbone(layout, weights.parameters, grouped_NHWC, normalise)
    return fromGroups(l2Normalize(head(layout, weights.parameters, representation)), groups)
  })
  return { feature_ND, statistics }
}

/**
 * Brings the samples of a batch-norm group together: sample n belongs to group n mod `groups` (as in the
 * authors' split batch norm), and contiguous groups are cheap to slice in every layer.
 */
const toGroups = (x_NHWC: tf.Tensor4D, groups: number): tf.Tensor4D =>
  groups === 1 ? x_NHWC : interchange(x_NHWC, x_NHWC.shape[0] / groups, groups)

const fromGroups = (feature_ND: tf.Tensor2D, groups: number): tf.Tensor2D =>
  groups === 1 ? feature_ND : interchange(feature_ND, groups, feature_ND.shape[0] / groups)

/** Reads the batch as `rows` x `columns` and transposes it. */
const interchange = <T extends tf.Tensor>(x: T, rows: number, columns: number): T => {
  const rest = x.shape.slice(1)
  const length = rest.reduce((product, size) => product * size, 1)
  const transposed = tf.transpose(tf.reshape(x, [rows, columns, length]), [1, 0, 2])
  return tf.reshape(transposed, x.shape) as T
}

/** Stem, stages and global average pooling; each block releases what no gradient needs before the next. */
const backbone = (
  layout: ResNetLayout,
  parameters: NamedTensors,
  x_NHWC: tf.Tensor4D,
  normalise: Normalise
): tf.Tensor2D => {
  const filter = ({ name }: ConvSpec) => parameters[`${name}.weight`] as tf.Tensor4D
  const { stem } = layout
  let x = tf.tidy(() => {
    const y = normalise(stem.norm, conv2d(x_NHWC, filter(stem), stem.stride, "data"), "relu")
    return layout.maxPool ? maxPool3x3(y) : y
  })
  for (const block of layout.blocks) {
    const input = x
    x = tf.tidy(() => residual(block, input, filter, normalise))
    input.dispose()
  }
  const pooled_NC = tf.mean(x, [1, 2]) as tf.Tensor2D
  x.dispose()
  return pooled_NC
}

const residual = (
  block: Block,
  x_NHWC: tf.Tensor4D,
  filter: (conv: ConvSpec) => tf.Tensor4D,
  normalise: Normalise
): tf.Tensor4D => {
  const convolve = (conv: ConvSpec, input: tf.Tensor4D, activation: Activation) =>
    tf.tidy(() => normalise(conv.norm, conv2d(input, filter(conv), conv.stride), activation))
  let y = x_NHWC
  for (const conv of block.convs.slice(0, -1)) y = convolve(conv, y, "relu")
  const shortcut = block.downsample === undefined ? x_NHWC : convolve(block.downsample, x_NHWC, "none")
  return convolve(block.convs.at(-1)!, y, { addRelu: shortcut })
}

const head = (layout: ResNetLayout, parameters: NamedTensors, representation: tf.Tensor2D): tf.Tensor2D =>
  layout.head.reduce((x, { name }, position) => {
    const weight = parameters[`${name}.weight`] as tf.Tensor2D
    const input = position === 0 ? x : relu(x)
    return tf.add(tf.matMul(input, weight, false, true), parameters[`${name}.bias`]!) as tf.Tensor2D
  }, representation)
