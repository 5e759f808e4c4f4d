import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { ofMatrices } from "@moco/core/Similarities"
import * as tf from "@tensorflow/tfjs-core"
import { Layer } from "effect"
import { train } from "./train.ts"

/**
 * A loss of your own: InfoNCE without the positive in the denominator (Yeh et al. 2022, "Decoupled contrastive
 * learning"), `ln sum_k exp(negative_k / T) - positive / T`.
 *
 *     npx nx run examples:own-loss
 */
export const layerDecoupled = (temperature: number) =>
  Layer.succeed(
    ContrastiveLoss,
    ContrastiveLoss.of({
      directions: (viewQ_NHWC, viewK_NHWC) => [{ query_NHWC: viewQ_NHWC, key_NHWC: viewK_NHWC }],
      compare: ofMatrices((positive_N1, negative_NK) => {
        const negatives_N1 = tf.logSumExp(tf.div(negative_NK, temperature), 1, true)
        return tf.mean(tf.sub(negatives_N1, tf.div(positive_N1, temperature)))
      }),
      chance: (numNegatives) => Math.log(numNegatives)
    })
  )

if (import.meta.main) train({ loss: layerDecoupled(0.1) })
