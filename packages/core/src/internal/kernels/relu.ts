import * as tf from "@tensorflow/tfjs-core"
import { attributes, type EagerBackend, eagerBackend } from "../eager.ts"
import { release } from "./release.ts"

/** Rectified linear unit. */
export const relu = <T extends tf.Tensor>(x: T): T => {
  const backend = eagerBackend()
  if (backend === undefined) return tf.relu(x)
  return tf.customGrad((input, save) => {
    const value = unary(backend, "Relu", [input as tf.Tensor])
    ;(save as tf.GradSaveFunc)([value])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [y]: Array<tf.Tensor>) => {
        const dx = unary(backend, "ReluGrad", [dy, y!])
        release(y!, dy)
        return dx
      }
    }
  })(x) as T
}

/** `relu(a + b)`, the end of a residual block. */
export const addRelu = (a_NHWC: tf.Tensor4D, b_NHWC: tf.Tensor4D): tf.Tensor4D => {
  const backend = eagerBackend()
  if (backend === undefined) return tf.relu(tf.add(a_NHWC, b_NHWC))
  return tf.customGrad((a, b, save) => {
    const sum = unary(backend, "AddV2", [a as tf.Tensor, b as tf.Tensor])
    const value = unary(backend, "Relu", [sum])
    sum.dispose()
    ;(save as tf.GradSaveFunc)([value])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [y]: Array<tf.Tensor>) => {
        const dx = unary(backend, "ReluGrad", [dy, y!])
        release(y!, dy)
        // A second handle on the same memory: each consumer of a gradient releases its own.
        return [dx, tf.clone(dx)]
      }
    }
  })(a_NHWC, b_NHWC) as tf.Tensor4D
}

const unary = (backend: EagerBackend, name: string, inputs: ReadonlyArray<tf.Tensor>): tf.Tensor =>
  backend.executeSingleOutput(name, [attributes(backend).float("T")], inputs)
