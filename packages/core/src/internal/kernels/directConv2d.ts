import * as tf from "@tensorflow/tfjs-core"
import { attributes, type EagerBackend } from "../eager.ts"

/** A convolution and its gradients, of one shape. */
export interface Convolution {
  readonly forward: (x_NHWC: tf.Tensor, filter_HWIO: tf.Tensor) => tf.Tensor
  readonly inputGradient: (dy_NHWC: tf.Tensor, filter_HWIO: tf.Tensor) => tf.Tensor
  readonly filterGradient: (x_NHWC: tf.Tensor, dy_NHWC: tf.Tensor) => tf.Tensor
}

/**
 * Padding that places the kernel where PyTorch's symmetric `padding = (kernel - 1) / 2` does.
 *
 * SAME is the faster code path, and equal unless a strided convolution meets an even size: there SAME puts the
 * whole padding after the image and PyTorch half of it before.
 */
const paddingOf = (
  [, height, width]: tf.Tensor4D["shape"],
  kernel: number,
  stride: number
): "SAME" | "EXPLICIT" => {
  const isEqual = (size: number) => {
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size)
    return total === 0 || (total % 2 === 0 && total / 2 === (kernel - 1) / 2)
  }
  return isEqual(height) && isEqual(width) ? "SAME" : "EXPLICIT"
}

const attributesOf = (
  backend: EagerBackend,
  padding: "SAME" | "EXPLICIT" | "VALID",
  kernel: number,
  stride: number
) => {
  const attribute = attributes(backend)
  const pad = (kernel - 1) / 2
  const shared = [
    attribute.float("T"),
    attribute.ints("strides", [1, stride, stride, 1]),
    attribute.ints("dilations", [1, 1, 1, 1]),
    attribute.text("padding", padding),
    attribute.text("data_format", "NHWC"),
    attribute.boolean("use_cudnn_on_gpu", true)
  ]
  return padding === "EXPLICIT"
    ? [...shared, attribute.ints("explicit_paddings", [0, 0, pad, pad, pad, pad, 0, 0])]
    : shared
}

/** `sizes` is the shape of the result, which TensorFlow takes as a tensor. */
const backprop = (
  backend: EagerBackend,
  direction: "Input" | "Filter",
  opAttributes: Parameters<EagerBackend["executeSingleOutput"]>[1],
  shape: ReadonlyArray<number>,
  inputs: (sizes: tf.Tensor) => ReadonlyArray<tf.Tensor>
): tf.Tensor => {
  const sizes = tf.tensor1d([...shape], "int32")
  const result = backend.executeSingleOutput(`Conv2DBackprop${direction}`, opAttributes, inputs(sizes))
  sizes.dispose()
  return result
}

/**
 * The gradient in the image. TensorFlow has no fast kernel for it where padding is explicit, so there it is that of
 * an image with its padding above and to the left, of which the padding is then cut off.
 */
const inputGradient = (
  backend: EagerBackend,
  [n, height, width, channels]: tf.Tensor4D["shape"],
  filter_HWIO: tf.Tensor4D,
  dy_NHWC: tf.Tensor4D,
  stride: number
): tf.Tensor => {
  const kernel = filter_HWIO.shape[0]
  const ofShape = (padding: "SAME" | "VALID", shape: ReadonlyArray<number>) =>
    backprop(backend, "Input", attributesOf(backend, padding, kernel, stride), shape, (sizes) => [
      sizes,
      filter_HWIO,
      dy_NHWC
    ])
  if (paddingOf([n, height, width, channels], kernel, stride) === "SAME") {
    return ofShape("SAME", [n, height, width, channels])
  }
  const pad = (kernel - 1) / 2
  const padded = (size: number, numSteps: number) => Math.max(size + pad, (numSteps - 1) * stride + kernel)
  const [, dyHeight, dyWidth] = dy_NHWC.shape
  const paddedShape = [n, padded(height, dyHeight), padded(width, dyWidth), channels]
  const dPadded = ofShape("VALID", paddedShape) as tf.Tensor4D
  const dx = tf.slice4d(dPadded, [0, pad, pad, 0], [n, height, width, channels])
  dPadded.dispose()
  return dx
}

/** By TensorFlow's own ops, with the direct algorithm. */
export const direct = (
  backend: EagerBackend,
  xShape: tf.Tensor4D["shape"],
  filterShape: tf.Tensor4D["shape"],
  stride: number
): Convolution => {
  const kernel = filterShape[0]
  const padding = paddingOf(xShape, kernel, stride)
  const opAttributes = attributesOf(backend, padding, kernel, stride)
  // oneDNN's filter gradient of strided 1x1 filters is wrong for a few channels, unless padding is explicit.
  const filterPadding = kernel === 1 && stride > 1 ? "EXPLICIT" : padding
  const filterAttributes = attributesOf(backend, filterPadding, kernel, stride)
  return {
    forward: (x, filter) => backend.executeSingleOutput("Conv2D", opAttributes, [x, filter]),
    inputGradient: (dy, filter) =>
      inputGradient(backend, xShape, filter as tf.Tensor4D, dy as tf.Tensor4D, stride),
    filterGradient: (x, dy) =>
      backprop(backend, "Filter", filterAttributes, filterShape, (sizes) => [x, sizes, dy])
  }
}
