import * as tf from "@tensorflow/tfjs-core"
import { floatsOf } from "../onHost.ts"

/** Mean and standard deviation of each feature over the training images, [C]. */
export interface Standardisation {
  readonly mean_C: Float32Array
  /** 1 where a feature is the same for all images. */
  readonly std_C: Float32Array
}

/** What makes each feature's mean 0 and its variance (over N) 1 on these rows. */
export const standardisationOf = (feature_NC: tf.Tensor2D): Standardisation => {
  const mean_C = floatsOf(() => {
    const rough_C = tf.mean(feature_NC, 0)
    // A float32 sum of many rows is off in its last digits; the mean of what is left over mends that.
    return tf.add(rough_C, tf.mean(tf.sub(feature_NC, rough_C), 0))
  })
  const spread_C = floatsOf(() => tf.sqrt(tf.mean(tf.squaredDifference(feature_NC, tf.tensor1d(mean_C)), 0)))
  // Of features that are all the same, rounding may leave a spread: it is no feature to be made large.
  const std_C = spread_C.map((spread, c) => (spread <= 1e-6 * Math.abs(mean_C[c]!) ? 1 : spread))
  return { mean_C, std_C }
}

/** Features with the mean taken off and the spread taken out. */
export const standardised = (feature_NC: tf.Tensor2D, { mean_C, std_C }: Standardisation): tf.Tensor2D =>
  tf.tidy(() => tf.div(tf.sub(feature_NC, tf.tensor1d(mean_C)), tf.tensor1d(std_C)))
