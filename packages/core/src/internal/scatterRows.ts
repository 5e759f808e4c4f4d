import * as tf from "@tensorflow/tfjs-core"
import { eagerBackend } from "./eager.ts"

/**
 * A tensor with some of its rows replaced; the given one stays as it is. To be called within a tidy.
 *
 * @param rows_N1  distinct row numbers
 */
export const scatterRows = <T extends tf.Tensor>(tensor: T, rows_N1: tf.Tensor, rows: tf.Tensor): T => {
  // tfjs's JavaScript kernel writes into the tensor that it is given, which a step that fails must leave whole.
  const own = eagerBackend() === undefined ? tf.mul(tensor, 1) : tensor
  return tf.tensorScatterUpdate(own, rows_N1, rows) as T
}
