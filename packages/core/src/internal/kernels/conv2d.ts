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

const convolution = (backend: EagerBackend, x_NHWC: tf.Tensor4D, kernel: number, stride: number) => {
  const attribute = attributes(backend)
  const padding = paddingOf(x_NHWC.shape, kernel, stride)
  const pad = (kernel - 1) / 2
  const shared = [
    attribute.float("T"),
    attribute.ints("strides", [1, stride, stride, 1]),
    attribute.ints("dilations", [1, 1, 1, 1]),
    attribute.text("padding", padding),
    attribute.text("data_format", "NHWC"),
    attribute.boolean("use_cudnn_on_gpu", true)
  ]
  return padding === "SAME"
    ? shared
    : [...shared, attribute.ints("explicit_paddings", [0, 0, pad, pad, pad, pad, 0, 0])]
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
  const opAttributes = convolution(backend, x_NHWC, filter_HWIO.shape[0], stride)
  const xShape = x_NHWC.shape
  const filterShape = filter_HWIO.shape
  const forward = (x: tf.Tensor, filter: tf.Tensor) =>
    backend.executeSingleOutput("Conv2D", opAttributes, [x, filter]) as tf.Tensor4D
  const gradient = (
    direction: "Input" | "Filter",
    shape: ReadonlyArray<number>,
    a: tf.Tensor,
    dy: tf.Tensor
  ) => {
    const sizes = tf.tensor1d([...shape], "int32")
    const inputs = direction === "Input" ? [sizes, a, dy] : [a, sizes, dy]
    const result = backend.executeSingleOutput(`Conv2DBackprop${direction}`, opAttributes, inputs)
    sizes.dispose()
    return result
  }
  if (input === "data") {
    return tf.customGrad((filter, save) => {
      const value = forward(x_NHWC, filter as tf.Tensor)
      ;(save as tf.GradSaveFunc)([x_NHWC])
      return {
        value,
        gradFunc: (dy: tf.Tensor, [x]: Array<tf.Tensor>) => {
          const dFilter = gradient("Filter", filterShape, x!, dy)
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
        const dFilter = gradient("Filter", filterShape, savedX!, dy)
        savedX!.dispose()
        const dx = gradient("Input", xShape, savedFilter!, dy)
        release(savedFilter!, dy)
        return [dx, dFilter]
      }
    }
  })(x_NHWC, filter_HWIO) as tf.Tensor4D
}
