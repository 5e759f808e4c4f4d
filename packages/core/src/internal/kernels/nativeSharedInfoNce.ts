import * as tf from "@tensorflow/tfjs-core"
import type { Compared, SharedNegatives } from "../../Similarities.ts"
import type { Keep } from "../../Tensor.ts"
import type { EagerBackend } from "../eager.ts"
import { release } from "./release.ts"

/**
 * InfoNCE against shared negatives by the project's own op: similarities are made block by block, and the gradient
 * with the loss, so that no N x K matrix is ever in memory.
 */
export const nativeSharedInfoNce = (
  backend: EagerBackend,
  positive_N1: tf.Tensor2D,
  { key_KD, query_ND }: SharedNegatives,
  temperature: number,
  keep: Keep
): Compared => {
  let closest_N1: tf.Tensor2D | undefined
  const mean = tf.customGrad((query, positive, save) => {
    const inputs = [query as tf.Tensor, positive as tf.Tensor, key_KD, tf.scalar(temperature)]
    const [value, closest, ...gradients] = backend.executeMultipleOutputs("MocoSharedInfoNce", [], inputs, 4)
    // What is kept or saved before an operation fails is lost, so both come last.
    closest_N1 = keep(closest as tf.Tensor2D)
    ;(save as tf.GradSaveFunc)(gradients)
    return {
      value: value!,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const scaled = saved.map((gradient) => tf.mul(gradient, dy))
        release(...saved)
        return scaled
      }
    }
  })(query_ND, positive_N1) as tf.Scalar
  return { mean, closest_N1: closest_N1! }
}
