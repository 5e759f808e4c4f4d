import * as tf from "@tensorflow/tfjs-core"
import { attributes, eagerBackend } from "../eager.ts"
import * as composed from "./composed.ts"
import { release } from "./release.ts"

/**
 * Mean cross-entropy, in nats, of rows whose correct class is column 0.
 *
 * One op gives the loss and its gradient. Column 0 is the positive by construction of the logits.
 */
export const crossEntropyOfFirst = (logits_NL: tf.Tensor2D): tf.Scalar => {
  const backend = eagerBackend()
  if (backend === undefined) return composed.crossEntropyOfFirst(logits_NL)
  const attribute = attributes(backend)
  return tf.customGrad((logits, save) => {
    const labels_N = tf.zeros([logits_NL.shape[0]], "int32")
    const [loss_N, dLogits_NL] = backend.executeMultipleOutputs(
      "SparseSoftmaxCrossEntropyWithLogits",
      [attribute.float("T"), attribute.int32("Tlabels")],
      [logits as tf.Tensor, labels_N],
      2
    )
    const value = tf.mean(loss_N!)
    // What is saved before an operation fails is lost, so this comes last.
    ;(save as tf.GradSaveFunc)([dLogits_NL!])
    return {
      value,
      gradFunc: (dy: tf.Tensor, [saved]: Array<tf.Tensor>) => {
        const dLogits = tf.mul(saved!, tf.div(dy, logits_NL.shape[0]))
        release(saved!)
        return dLogits
      }
    }
  })(logits_NL) as tf.Scalar
}
