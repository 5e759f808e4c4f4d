import * as tf from "@tensorflow/tfjs-core"
import type { EagerBackend } from "../eager.ts"
import { release } from "./release.ts"

/** InfoNCE by the project's own op: the logits are never written down, and their exponentials are taken twice. */
export const nativeInfoNce = (
  backend: EagerBackend,
  positive_N1: tf.Tensor2D,
  negative_NK: tf.Tensor2D,
  temperature: number
): tf.Scalar =>
  tf.customGrad((positive, negative, save) => {
    const scale = tf.scalar(temperature)
    const inputs = [positive as tf.Tensor, negative as tf.Tensor, scale]
    const [value, logSums_N] = backend.executeMultipleOutputs("MocoInfoNce", [], inputs, 2)
    ;(save as tf.GradSaveFunc)([...inputs, logSums_N!])
    return {
      value: value!,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const gradients = backend.executeMultipleOutputs("MocoInfoNceGradient", [], [...saved, dy], 2)
        release(...saved)
        return gradients
      }
    }
  })(positive_N1, negative_NK) as tf.Scalar
