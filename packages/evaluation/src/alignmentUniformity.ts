import * as tf from "@tensorflow/tfjs-core"
import { allFloatsOf, floatsOf } from "./onHost.ts"
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
  return Math.log(sumOf(potentials(x_NC, t)) / (numRows * (numRows - 1)))
}

/**
 * Of each row the sum of `exp(-t d^2)` over its pairs with all other rows; each pair is in two of them. They tell
 * {@link uniformity} and what it would be without any of the rows.
 */
export const potentials = (x_NC: tf.Tensor2D, t = 2): Float64Array => {
  const sum_N = new Float64Array(x_NC.shape[0])
  const add = (values: Float32Array, from: number) => {
    values.forEach((value, row) => {
      sum_N[from + row]! += value
    })
  }
  const blocks = blocksOf(x_NC.shape[0], blockSize)
  for (const [first, a] of blocks.entries()) {
    for (const b of blocks.slice(first)) {
      const { sum_A, sum_B } = potentialsOf(x_NC, a, b, t)
      add(sum_A, a[0])
      if (b[0] !== a[0]) add(sum_B, b[0])
    }
  }
  return sum_N
}

type Block = readonly [from: number, to: number]

/** Sums of `exp(-t d^2)` over the pairs of each row of `a` with those of `b`, and of each row of `b` with those of `a`. */
const potentialsOf = (x_NC: tf.Tensor2D, a: Block, b: Block, t: number) =>
  allFloatsOf(() => {
    const cosine_AB = tf.matMul(rowsOf(x_NC, a), rowsOf(x_NC, b), false, true)
    const potential_AB = tf.exp(tf.mul(tf.sub(cosine_AB, 1), 2 * t))
    // A row is no pair with itself.
    const pair_AB = a[0] === b[0] ? tf.mul(potential_AB, tf.sub(1, tf.eye(a[1] - a[0]))) : potential_AB
    return { sum_A: tf.sum(pair_AB, 1), sum_B: tf.sum(pair_AB, 0) }
  })

const sumOf = (values: Iterable<number>): number => {
  let sum = 0
  for (const value of values) sum += value
  return sum
}
