import * as tf from "@tensorflow/tfjs-core"
import { eagerBackend } from "../eager.ts"
import * as composed from "./composed.ts"
import { type Convolution, direct } from "./directConv2d.ts"
import { bundlesOf, grouped, groupsOf } from "./groupedConv2d.ts"
import { hasGroups } from "./groupedOps.ts"
import { nativeOps } from "./nativeOps.ts"
import { release } from "./release.ts"
import { isStrided, strided } from "./stridedConv2d.ts"
import { isWinograd, winograd } from "./winogradConv2d.ts"

/**
 * Convolution with an odd square kernel and PyTorch's symmetric padding `(kernel - 1) / 2`.
 *
 * With groups (Krizhevsky et al. 2012; `groups` of PyTorch's `Conv2d`) the channels are cut into as many parts, and output
 * part g sees input part g alone. How many there are is what the filter's inputs say: as many as it takes to fill the image's.
 *
 * @param filter_HWIO  kernel height, width, input channels (of a group) and output channels (of all groups, one after the other)
 * @param input  `data` when `x_NHWC` is an image that needs no gradient (the stem): saves a whole kernel
 */
export const conv2d = (
  x_NHWC: tf.Tensor4D,
  filter_HWIO: tf.Tensor4D,
  stride: number,
  input: "data" | "activation" = "activation"
): tf.Tensor4D => {
  const convolution = fastest(x_NHWC.shape, filter_HWIO.shape, stride)
  if (convolution === undefined) return composed.conv2d(x_NHWC, filter_HWIO, stride)
  return input === "data"
    ? convolveData(convolution, x_NHWC, filter_HWIO)
    : convolve(convolution, x_NHWC, filter_HWIO)
}

type Shape = tf.Tensor4D["shape"]

const fastest = (xShape: Shape, filterShape: Shape, stride: number): Convolution | undefined => {
  const backend = eagerBackend()
  if (backend === undefined) return undefined
  if (groupsOf(xShape, filterShape) > 1) {
    // Of a strided filter it has no gradient where padding is explicit, as PyTorch's mostly is.
    if (stride === 1 && hasGroups(backend)) return direct(backend, xShape, filterShape, stride)
    const bundles = bundlesOf(xShape, filterShape)
    return grouped(fastest(bundles.xShape, bundles.filterShape, stride)!, bundles)
  }
  const native = nativeOps()
  if (native !== undefined && isWinograd(xShape, filterShape, stride)) return winograd(native)
  const ofTensorflow = direct(backend, xShape, filterShape, stride)
  return native !== undefined && isStrided(filterShape, stride)
    ? strided(native, xShape, stride, ofTensorflow)
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
