import * as tf from "@tensorflow/tfjs-core"
import { eagerBackend } from "../eager.ts"
import * as composed from "./composed.ts"
import { type Convolution, direct } from "./directConv2d.ts"
import { nativeOps } from "./nativeOps.ts"
import { release } from "./release.ts"
import { isStrided, strided } from "./stridedConv2d.ts"
import { isWinograd, winograd } from "./winogradConv2d.ts"

/**
 * Convolution with an odd square kernel and PyTorch's symmetric padding `(kernel - 1) / 2`.
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
  const convolution = fastest(x_NHWC, filter_HWIO, stride)
  if (convolution === undefined) return composed.conv2d(x_NHWC, filter_HWIO, stride)
  return input === "data"
    ? convolveData(convolution, x_NHWC, filter_HWIO)
    : convolve(convolution, x_NHWC, filter_HWIO)
}

const fastest = (x_NHWC: tf.Tensor4D, filter_HWIO: tf.Tensor4D, stride: number): Convolution | undefined => {
  const native = nativeOps()
  if (native !== undefined && isWinograd(x_NHWC, filter_HWIO, stride)) return winograd(native)
  const backend = eagerBackend()
  if (backend === undefined) return undefined
  const ofTensorflow = direct(backend, x_NHWC.shape, filter_HWIO.shape, stride)
  return native !== undefined && isStrided(filter_HWIO, stride)
    ? strided(native, x_NHWC.shape, stride, ofTensorflow)
    : ofTensorflow
}

const convolve = (
  { filterGradient, forward, inputGradient }: Convolution,
  x_NHWC: tf.Tensor4D,
  filter_HWIO: tf.Tensor4D
): tf.Tensor4D =>
  tf.customGrad((x, filter, save) => {
    const value = forward(x as tf.Tensor, filter as tf.Tensor)
    ;(save as tf.GradSaveFunc)([x as tf.Tensor, filter as tf.Tensor])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [savedX, savedFilter]: Array<tf.Tensor>) => {
        const dFilter = filterGradient(savedX!, dy)
        savedX!.dispose()
        const dx = inputGradient(dy, savedFilter!)
        release(savedFilter!, dy)
        return [dx, dFilter]
      }
    }
  })(x_NHWC, filter_HWIO) as tf.Tensor4D

const convolveData = (
  { filterGradient, forward }: Convolution,
  x_NHWC: tf.Tensor4D,
  filter_HWIO: tf.Tensor4D
): tf.Tensor4D =>
  tf.customGrad((filter, save) => {
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
