import * as tf from "@tensorflow/tfjs-core"
import { attributes, type EagerBackend, eagerBackend } from "../eager.ts"
import * as composed from "./composed.ts"
import { release } from "./release.ts"

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

const convolution = (
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
    backprop(backend, "Input", convolution(backend, padding, kernel, stride), shape, (sizes) => [
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

/**
 * Convolution with an odd square kernel and PyTorch's symmetric padding.
 *
 * @param filter_HWIO  kernel height, width, input and output channels
 * @param input  `data` when `x_NHWC` is an image that needs no gradient (the stem): saves a whole kernel
 */
export const conv2d = (
  x_NHWC: tf.Tensor4D,
  filter_HWIO: tf.Tensor4D,
  stride: number,
  input: "data" | "activation" = "activation"
): tf.Tensor4D => {
  const backend = eagerBackend()
  if (backend === undefined) return composed.conv2d(x_NHWC, filter_HWIO, stride)
  const kernel = filter_HWIO.shape[0]
  const opAttributes = convolution(backend, paddingOf(x_NHWC.shape, kernel, stride), kernel, stride)
  const xShape = x_NHWC.shape
  const filterShape = filter_HWIO.shape
  const forward = (x: tf.Tensor, filter: tf.Tensor) =>
    backend.executeSingleOutput("Conv2D", opAttributes, [x, filter]) as tf.Tensor4D
  const filterGradient = (x: tf.Tensor, dy: tf.Tensor) =>
    backprop(backend, "Filter", opAttributes, filterShape, (sizes) => [x, sizes, dy])
  if (input === "data") {
    return tf.customGrad((filter, save) => {
      const value = forward(x_NHWC, filter as tf.Tensor)
      ;(save as tf.GradSaveFunc)([x_NHWC])
      return {
        value,
        gradFunc: (dy: tf.Tensor, [x]: Array<tf.Tensor>) => {
          const dFilter = filterGradient(x!, dy)
          release(x!, dy)
          return dFilter
        }
      }
    })(filter_HWIO) as tf.Tensor4D
  }
  return tf.customGrad((x, filter, save) => {
    const value = forward(x as tf.Tensor, filter as tf.Tensor)
    ;(save as tf.GradSaveFunc)([x as tf.Tensor, filter as tf.Tensor])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [savedX, savedFilter]: Array<tf.Tensor>) => {
        const dFilter = filterGradient(savedX!, dy)
        savedX!.dispose()
        const dx = inputGradient(backend, xShape, savedFilter as tf.Tensor4D, dy as tf.Tensor4D, stride)
        release(savedFilter!, dy)
        return [dx, dFilter]
      }
    }
  })(x_NHWC, filter_HWIO) as tf.Tensor4D
}
