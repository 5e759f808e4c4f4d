import type { CounterRandom } from "@moco/core/CounterRandom"
import * as tf from "@tensorflow/tfjs-core"
import { floatsOf } from "../onHost.ts"
import { blocksOf, rowsOf } from "../unitRows.ts"

/** Rows of which differences to a centre are held at a time. */
const blockSize = 8192

/**
 * First centres by k-means++ (Arthur and Vassilvitskii 2007): a row by chance, and then each next one with a probability
 * that is its squared distance to the nearest centre so far.
 *
 * @returns K x C, row after row
 */
export const seedCentres = (
  row_NC: tf.Tensor2D,
  numClusters: number,
  random: CounterRandom
): Float32Array => {
  const [numRows, size] = row_NC.shape
  const centre_KC = new Float32Array(numClusters * size)
  const nearest_N = new Float32Array(numRows).fill(Number.POSITIVE_INFINITY)
  let row = random.below(numRows)
  for (let cluster = 0; cluster < numClusters; cluster++) {
    const centre_C = floatsOf(() => rowsOf(row_NC, [row, row + 1]))
    centre_KC.set(centre_C, cluster * size)
    for (const block of blocksOf(numRows, blockSize)) {
      const squared_N = floatsOf(() =>
        tf.sum(tf.squaredDifference(rowsOf(row_NC, block), tf.tensor1d(centre_C)), 1)
      )
      for (let at = block[0]; at < block[1]; at++) {
        nearest_N[at] = Math.min(nearest_N[at]!, squared_N[at - block[0]]!)
      }
    }
    row = drawn(nearest_N, random)
  }
  return centre_KC
}

/** A place with a probability by its weight; any one where all weights are 0. */
const drawn = (weights: Float32Array, random: CounterRandom): number => {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) return random.below(weights.length)
  let left = random.uniform() * total
  let last = 0
  for (let at = 0; at < weights.length; at++) {
    if (weights[at] === 0) continue
    last = at
    left -= weights[at]!
    if (left < 0) break
  }
  return last
}
