import type * as tf from "@tensorflow/tfjs-core"

/**
 * Frees tensors that a gradient has used for the last time.
 *
 * Every fused gradient does this with its saved tensors and with the incoming gradient, so that a backward pass
 * holds one activation gradient at a time and not all of them until tfjs's own tidy ends.
 */
export const release = (...tensors: ReadonlyArray<tf.Tensor>): void => {
  for (const tensor of tensors) tensor.dispose()
}
