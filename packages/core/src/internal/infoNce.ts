import * as tf from "@tensorflow/tfjs-core"
import { crossEntropyOfFirst } from "./kernels/crossEntropy.ts"
import { nativeInfoNce } from "./kernels/nativeInfoNce.ts"
import { nativeOps } from "./kernels/nativeOps.ts"

/**
 * InfoNCE (He et al. 2020, equation 1): the cross-entropy of picking the positive among L = 1 + K similarities
 * divided by the temperature. Nats; ln(1 + K) when all similarities are equal.
 */
export const infoNce = (
  positive_N1: tf.Tensor2D,
  negative_NK: tf.Tensor2D,
  temperature: number
): tf.Scalar => {
  const native = nativeOps()
  if (native !== undefined) return nativeInfoNce(native, positive_N1, negative_NK, temperature)
  const logits_NL = tf.div(tf.concat2d([positive_N1, negative_NK], 1), temperature) as tf.Tensor2D
  return crossEntropyOfFirst(logits_NL)
}
