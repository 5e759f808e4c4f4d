import * as tf from "@tensorflow/tfjs-core"

/** Rows of length 1, between which a product is the cosine; a row of zeros stays one. */
export const unitRows = (row_NC: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => tf.div(row_NC, tf.maximum(tf.norm(row_NC, 2, 1, true), 1e-12)))

/** The borders `[from, to)` of blocks of at most `size` of `count` rows. */
export const blocksOf = (count: number, size: number): ReadonlyArray<readonly [from: number, to: number]> =>
  Array.from({ length: Math.ceil(count / size) }, (_, block) => [
    block * size,
    Math.min(count, (block + 1) * size)
  ])

/** Rows `from` to below `to`. */
export const rowsOf = (row_NC: tf.Tensor2D, [from, to]: readonly [number, number]): tf.Tensor2D =>
  tf.slice2d(row_NC, [from, 0], [to - from, -1])
