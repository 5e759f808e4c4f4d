import * as tf from "@tensorflow/tfjs-core"

/**
 * Noise-contrastive estimation (Wu et al. 2018, equations 4 to 7). With `P(s) = exp(s / T) / Z` and noise that is
 * uniform over M images, the posterior that a sample is data is `P / (P + K / M)`; its logit is `s / T - offset`
 * with `offset = ln(K Z / M)`. The loss is the mean over queries of the summed binary cross-entropies, in nats.
 *
 * @param logNormalizer  ln(Z / M), of the mean of `exp(s / T)`; a logarithm, since that mean overflows at low temperatures
 */
export const nce = (
  positive_N1: tf.Tensor2D,
  negative_NK: tf.Tensor2D,
  { logNormalizer, temperature }: { readonly logNormalizer: number; readonly temperature: number }
): tf.Scalar => {
  const offset = Math.log(negative_NK.shape[1]) + logNormalizer
  const missed_N = tf.sum(tf.softplus(tf.sub(offset, tf.div(positive_N1, temperature))), 1)
  const mistaken_N = tf.sum(tf.softplus(tf.sub(tf.div(negative_NK, temperature), offset)), 1)
  return tf.mean(tf.add(missed_N, mistaken_N))
}

/** Logarithm of the mean of `exp(similarity / temperature)`, shape `()`. */
export const logMeanExp = (similarity_NK: tf.Tensor2D, temperature: number): tf.Scalar =>
  tf.sub(tf.logSumExp(tf.div(similarity_NK, temperature)), Math.log(similarity_NK.size))
