import * as tf from "@tensorflow/tfjs-core"
import { type Compare, ofMatrices } from "../Similarities.ts"
import { crossEntropyOfFirst } from "./kernels/crossEntropy.ts"
import { nativeInfoNce } from "./kernels/nativeInfoNce.ts"
import { nativeOps } from "./kernels/nativeOps.ts"
import { nativeSharedInfoNce } from "./kernels/nativeSharedInfoNce.ts"

/**
 * InfoNCE (He et al. 2020, equation 1): the cross-entropy of picking the positive among L = 1 + K similarities
 * divided by the temperature. Nats; ln(1 + K) when all similarities are equal.
 */
export const infoNce = (temperature: number): Compare => {
  const written = ofMatrices((positive_N1, negative_NK) => {
    const native = nativeOps()
    if (native !== undefined) return nativeInfoNce(native, positive_N1, negative_NK, temperature)
    const logits_NL = tf.div(tf.concat2d([positive_N1, negative_NK], 1), temperature) as tf.Tensor2D
    return crossEntropyOfFirst(logits_NL)
  })
  return (similarities, keep) => {
    const native = nativeOps()
    const { negatives, positive_N1 } = similarities
    return native !== undefined && negatives._tag === "Shared"
      ? nativeSharedInfoNce(native, positive_N1, negatives, temperature, keep)
      : written(similarities, keep)
  }
}
