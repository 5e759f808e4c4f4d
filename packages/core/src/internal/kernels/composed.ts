import * as tf from "@tensorflow/tfjs-core"
import type { BatchNormWeights } from "./batchNormTerms.ts"
import { groupsOf } from "./groupedConv2d.ts"

/**
 * The same functions as the fused kernels beside this file, from tfjs's own ops and their composed gradients: slow, but they run on
 * every backend, and they are the reference that the fused kernels are tested against.
 */

/** See `conv2d`. */
export const conv2d = (x_NHWC: tf.Tensor4D, filter_HWIO: tf.Tensor4D, stride: number): tf.Tensor4D => {
  const groups = groupsOf(x_NHWC.shape, filter_HWIO.shape)
  if (groups > 1) {
    const filters = tf.split(filter_HWIO, groups, 3) as Array<tf.Tensor4D>
    const images = tf.split(x_NHWC, groups, 3) as Array<tf.Tensor4D>
    const parts = images.map((image, group) => conv2d(image, filters[group]!, stride))
    return tf.concat4d(parts, 3)
  }
  if (filter_HWIO.shape[0] === 1) return pointwise(x_NHWC, filter_HWIO, stride)
  const pad = (filter_HWIO.shape[0] - 1) / 2
  // A padded image and VALID: tfjs has no gradient for explicit padding.
  const padded = tf.pad4d(x_NHWC, [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0]
  ])
  return tf.conv2d(padded, filter_HWIO, stride, "valid")
}

/** A 1x1 convolution as a matrix product: oneDNN's own is wrong in its filter gradient for strides and few channels. */
const pointwise = (x_NHWC: tf.Tensor4D, filter_HWIO: tf.Tensor4D, stride: number): tf.Tensor4D => {
  const [n, height, width, channels] = x_NHWC.shape
  const every = (size: number) => tf.range(0, size, stride, "int32")
  const rows = tf.gather(x_NHWC, every(height), 1)
  const seen_NHWC = tf.gather(rows, every(width), 2)
  const [, outHeight, outWidth] = seen_NHWC.shape
  const outputs = filter_HWIO.shape[3]
  const y = tf.matMul(
    tf.reshape(seen_NHWC, [n * outHeight * outWidth, channels]),
    tf.reshape(filter_HWIO, [channels, outputs])
  )
  return tf.reshape(y, [n, outHeight, outWidth, outputs])
}

/** See `batchNorm`; also the definition of its running statistics. */
export const batchNorm = (
  x_NHWC: tf.Tensor4D,
  { offset_C, runningMean_C, runningVariance_C, scale_C }: BatchNormWeights,
  groups: number,
  epsilon = 1e-5,
  momentum = 0.1
) => {
  // One part is not split: tfjs's gradient of a split wants at least two.
  const parts = groups === 1 ? [x_NHWC] : tf.split(x_NHWC, groups, 0)
  const moments = parts.map((part) => tf.moments(part, [0, 1, 2]))
  const normalised = parts.map((part, group) => {
    const { mean, variance } = moments[group]!
    return tf.add(tf.mul(tf.mul(tf.sub(part, mean), tf.rsqrt(tf.add(variance, epsilon))), scale_C), offset_C)
  })
  const count = parts[0]!.size / scale_C.size
  const unbiased = count / Math.max(1, count - 1)
  const follow = (running: tf.Tensor, batch: ReadonlyArray<tf.Tensor>, factor: number) =>
    tf.keep(
      tf.add(tf.mul(running, 1 - momentum), tf.mul(tf.mean(tf.stack([...batch]), 0), momentum * factor))
    ) as tf.Tensor1D
  return {
    y_NHWC: (groups === 1 ? normalised[0]! : tf.concat(normalised, 0)) as tf.Tensor4D,
    runningMean_C: follow(
      runningMean_C,
      moments.map(({ mean }) => mean),
      1
    ),
    runningVariance_C: follow(
      runningVariance_C,
      moments.map(({ variance }) => variance),
      unbiased
    )
  }
}

/** See `maxPool3x3`. */
export const maxPool3x3 = (x_NHWC: tf.Tensor4D): tf.Tensor4D =>
  tf.maxPool(
    tf.pad4d(x_NHWC, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0]
    ]),
    3,
    2,
    "valid"
  )

/** See `crossEntropyOfFirst`. */
export const crossEntropyOfFirst = (logits_NL: tf.Tensor2D): tf.Scalar => {
  const positive_N1 = tf.slice(logits_NL, [0, 0], [-1, 1])
  return tf.mean(tf.sub(tf.logSumExp(logits_NL, 1, true), positive_N1))
}
