import * as tf from "@tensorflow/tfjs-core"
import type { NamedTensors } from "./Tensor.ts"

/**
 * The value of a scalar function of named tensors, and its gradient in each of them that it depends on.
 *
 * Unlike tfjs's own `grads`, a failure in the middle releases what the tape had saved.
 */
export const valueAndGradients = (
  f: (parameters: NamedTensors) => tf.Scalar,
  parameters: NamedTensors
): { readonly value: tf.Scalar; readonly gradients: NamedTensors } => {
  const names = Object.keys(parameters)
  try {
    const { grads, value } = tf.engine().gradients(() => f(parameters), Object.values(parameters))
    return {
      value: value as tf.Scalar,
      // Of a tensor that the function does not depend on there is none, whatever the library's type says.
      gradients: Object.fromEntries(names.flatMap((name, i) => (grads[i] == null ? [] : [[name, grads[i]!]])))
    }
  } catch (cause) {
    releaseTape()
    throw cause
  }
}

/** After a failed forward or backward pass the engine still holds its tape, and the tape its saved tensors. */
const releaseTape = () => {
  const { state } = tf.engine()
  for (const node of state.activeTape ?? []) tf.dispose(node.saved ?? [])
  state.activeTape = []
}
