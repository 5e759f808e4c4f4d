import type { NamedTensors } from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"

/**
 * One step of SGD as PyTorch has it: `v <- momentum * v + (g + weightDecay * p)`, `p <- p - learningRate * v`.
 *
 * With moments that start at zero this includes PyTorch's first step (`v = g`).
 */
export const sgdStep = (
  parameters: NamedTensors,
  gradients: NamedTensors,
  moments: NamedTensors,
  settings: { readonly learningRate: number; readonly momentum: number; readonly weightDecay: number }
): { readonly parameters: NamedTensors; readonly moments: NamedTensors } => {
  const nextParameters: Record<string, tf.Tensor> = {}
  const nextMoments: Record<string, tf.Tensor> = {}
  for (const [name, parameter] of Object.entries(parameters)) {
    const moment = tf.tidy(() => {
      const decayed = tf.add(gradients[name]!, tf.mul(parameter, settings.weightDecay))
      return tf.add(tf.mul(moments[name]!, settings.momentum), decayed)
    })
    nextMoments[name] = moment
    nextParameters[name] = tf.tidy(() => tf.sub(parameter, tf.mul(moment, settings.learningRate)))
  }
  return { parameters: nextParameters, moments: nextMoments }
}
