import * as tf from "@tensorflow/tfjs-core"
import { attributes, eagerBackend } from "../eager.ts"
import * as composed from "./composed.ts"
import { release } from "./release.ts"

/**
 * 3x3 max-pool, stride 2, padding 1 (the ImageNet stem).
 *
 * Must follow a ReLU: it pads with zeros, which is exact only for inputs that are not negative.
 */
export const maxPool3x3 = (x_NHWC: tf.Tensor4D): tf.Tensor4D => {
  const backend = eagerBackend()
  if (backend === undefined) return composed.maxPool3x3(x_NHWC)
  const attribute = attributes(backend)
  const opAttributes = [
    attribute.float("T"),
    attribute.ints("ksize", [1, 3, 3, 1]),
    attribute.ints("strides", [1, 2, 2, 1]),
    attribute.text("padding", "VALID"),
    attribute.text("data_format", "NHWC")
  ]
  return tf.customGrad((x, save) => {
    const padded = tf.pad4d(x as tf.Tensor4D, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0]
    ])
    const value = backend.executeSingleOutput("MaxPool", opAttributes, [padded])
    ;(save as tf.GradSaveFunc)([padded, value])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [savedPadded, y]: Array<tf.Tensor>) => {
        const dPadded = backend.executeSingleOutput("MaxPoolGrad", opAttributes, [savedPadded!, y!, dy])
        release(savedPadded!, y!, dy)
        const [n, height, width, channels] = x_NHWC.shape
        return tf.slice(dPadded as tf.Tensor4D, [0, 1, 1, 0], [n, height, width, channels])
      }
    }
  })(x_NHWC) as tf.Tensor4D
}
