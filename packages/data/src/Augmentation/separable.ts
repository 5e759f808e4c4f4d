import * as tf from "@tensorflow/tfjs-core"

/**
 * Replaces every pixel by a weighted mean along its column, then along its row: what crops and blurs have in common,
 * each image by weights of its own. One batched matrix product an axis.
 *
 * A row of 0s and a single 1 copies a pixel to the bit, except on GPUs that multiply in TF32, which keep 11 bits of it.
 *
 * Both sides of a product have one batch axis of the same length: tfjs's JavaScript `matMul` does not broadcast batch
 * axes in every case.
 *
 * @param image_NHWC  float32
 * @param rows_NHH  output row, input row
 * @param columns_NWW  output column, input column
 */
export const weightedMeans = (
  image_NHWC: tf.Tensor4D,
  rows_NHH: tf.Tensor3D,
  columns_NWW: tf.Tensor3D
): tf.Tensor4D => {
  const [numImages, height, width, channels] = image_NHWC.shape
  const tall_NHWC = sampleAxis1(image_NHWC, rows_NHH)
  if (channels > 1) return swapAxes(sampleAxis1(swapAxes(tall_NHWC), columns_NWW))
  // The same without the two transpositions, a third of the time for gray images.
  const tall_NHW = tf.reshape<tf.Rank.R3>(tall_NHWC, [numImages, height, width])
  return tf.reshape(tf.matMul(tall_NHW, columns_NWW, false, true), image_NHWC.shape)
}

const swapAxes = (image_NHWC: tf.Tensor4D): tf.Tensor4D => tf.transpose(image_NHWC, [0, 2, 1, 3])

/** Replaces axis 1 (A) by weighted means along it. */
const sampleAxis1 = (image_NABC: tf.Tensor4D, weights_NAA: tf.Tensor3D): tf.Tensor4D => {
  const [numImages, a, b, c] = image_NABC.shape
  const flat_NAF = tf.reshape<tf.Rank.R3>(image_NABC, [numImages, a, b * c])
  return tf.reshape(tf.matMul(weights_NAA, flat_NAF), image_NABC.shape)
}
