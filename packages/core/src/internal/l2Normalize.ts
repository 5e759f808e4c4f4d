import * as tf from "@tensorflow/tfjs-core"

/** Rows divided by max(L2 norm, 1e-12), as PyTorch's `normalize`. */
export const l2Normalize = (feature_ND: tf.Tensor2D): tf.Tensor2D => {
  // The bound sits below the root: the root of an exact zero has no finite gradient.
  const squared_N1 = tf.maximum(tf.sum(tf.square(feature_ND), 1, true), 1e-24)
  return tf.div(feature_ND, tf.sqrt(squared_N1)) as tf.Tensor2D
}
