import * as tf from "@tensorflow/tfjs-core"
import { floatsOf } from "./onHost.ts"
import { blocksOf, rowsOf } from "./unitRows.ts"

/** Rows of a block; two of them make 16 MB of distances. */
const blockSize = 2048

/**
 * How far the two views of each image lie apart, `||f(x) - f(y)||^alpha` (Wang and Isola 2020, section 4.1): smaller is
 * more aligned.
 *
 * @param x_NC  unit rows, view x of image n
 * @param y_NC  unit rows, view y of image n
 * @returns of each pair; their mean is the alignment loss
 */
export const alignments = (x_NC: tf.Tensor2D, y_NC: tf.Tensor2D, alpha = 2): Float32Array =>
  floatsOf(() => tf.pow(tf.sum(tf.squaredDifference(x_NC, y_NC), 1), alpha / 2))

/** The alignment loss: mean of {@link alignments}. */
export const alignment = (x_NC: tf.Tensor2D, y_NC: tf.Tensor2D, alpha = 2): number =>
  sumOf(alignments(x_NC, y_NC, alpha)) / x_NC.shape[0]

/**
 * How evenly features are spread over the sphere, `log mean exp(-t ||f(x) - f(y)||^2)` over all pairs of two different rows
 * (Wang and Isola 2020, section 4.2): smaller is more even; evenly spread in many dimensions it nears `-2 t`.
 *
 * Pairs are looked at by blocks: what is held at a time does not grow with N.
 *
 * @param x_NC  unit rows, two or more
 */
export const uniformity = (x_NC: tf.Tensor2D, t = 2): number => {
  const numRows = x_NC.shape[0]
  const blocks = blocksOf(numRows, blockSize)
  let sum = 0
  for (const [first, a] of blocks.entries()) {
    for (const b of blocks.slice(first)) sum += potentialOf(x_NC, a, b, t)
  }
  return Math.log(sum / ((numRows * (numRows - 1)) / 2))
}

type Block = readonly [from: number, to: number]

/** Sum of `exp(-t d^2)` over the pairs of a row of `a` with one of `b`, each pair once. */
const potentialOf = (x_NC: tf.Tensor2D, a: Block, b: Block, t: number): number => {
  const isDiagonal = a[0] === b[0]
  const sum_A = floatsOf(() => {
    const cosine_AB = tf.matMul(rowsOf(x_NC, a), rowsOf(x_NC, b), false, true)
    const potential_AB = tf.exp(tf.mul(tf.sub(cosine_AB, 1), 2 * t))
    // A row is no pair with itself.
    return tf.sum(isDiagonal ? tf.mul(potential_AB, tf.sub(1, tf.eye(a[1] - a[0]))) : potential_AB, 1)
  })
  return isDiagonal ? sumOf(sum_A) / 2 : sumOf(sum_A)
}

const sumOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0)
