import * as tf from "@tensorflow/tfjs-core"

/**
 * Makes every pixel of a weighted mean along its column, then along its row: what crops and blurs have in common, each
 * image by weights of its own. One batched matrix product an axis.
 *
 * A row of 0s and a single 1 copies a pixel to the bit, except on GPUs that multiply in TF32, which keep 11 bits of it.
 *
 * Both sides of a product have one batch axis of the same length: tfjs's JavaScript `matMul` does not broadcast batch
 * axes in every case.
 *
 * @param image_NHWC  float32
 * @param rows_NOH  output row (O), input row
 * @param columns_NPW  output column (P), input column
 * @returns as many rows and columns as the weights have outputs
 */
export const weightedMeans = (
  image_NHWC: tf.Tensor4D,
  rows_NOH: tf.Tensor3D,
  columns_NPW: tf.Tensor3D
): tf.Tensor4D => {
  const [numImages, , width, channels] = image_NHWC.shape
  const tall_NOWC = sampleAxis1(image_NHWC, rows_NOH)
  if (channels > 1) return swapAxes(sampleAxis1(swapAxes(tall_NOWC), columns_NPW))
  // The same without the two transpositions, a third of the time for gray images.
  const [, numRows] = rows_NOH.shape
  const [, numColumns] = columns_NPW.shape
  const tall_NOW = tf.reshape<tf.Rank.R3>(tall_NOWC, [numImages, numRows, width])
  return tf.reshape(tf.matMul(tall_NOW, columns_NPW, false, true), [numImages, numRows, numColumns, 1])
}

const swapAxes = (image_NHWC: tf.Tensor4D): tf.Tensor4D => tf.transpose(image_NHWC, [0, 2, 1, 3])

/** Makes axis 1 (A) of weighted means along it (O). */
const sampleAxis1 = (image_NABC: tf.Tensor4D, weights_NOA: tf.Tensor3D): tf.Tensor4D => {
  const [numImages, a, b, c] = image_NABC.shape
  const flat_NAF = tf.reshape<tf.Rank.R3>(image_NABC, [numImages, a, b * c])
  return tf.reshape(tf.matMul(weights_NOA, flat_NAF), [numImages, weights_NOA.shape[1], b, c])
}
