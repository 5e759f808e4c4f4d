import * as CounterRandom from "@moco/core/CounterRandom"
import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { floatsOf } from "../onHost.ts"
import { blocksOf, rowsOf } from "../unitRows.ts"
import { seedCentres } from "./seedCentres.ts"

/** Rows of which distances to the centres are held at a time. */
const blockSize = 8192

/** Rows put to their nearest centres. */
interface Assigned {
  /** The nearest centre of each row; the lowest of equal ones. */
  readonly cluster_N: Int32Array
  /** Squared distance of each row to it. */
  readonly squared_N: Float32Array
  /** Their sum. */
  readonly inertia: number
}

/**
 * Puts each row to its nearest centre.
 *
 * @param centre_KC  row after row
 */
export const assign = (row_NC: tf.Tensor2D, centre_KC: Float32Array): Assigned => {
  const [numRows, size] = row_NC.shape
  const cluster_N = new Int32Array(numRows)
  const squared_N = new Float32Array(numRows)
  tf.tidy(() => {
    const centres = tf.tensor2d(centre_KC, [centre_KC.length / size, size])
    const ofCentre_K = tf.sum(tf.square(centres), 1)
    for (const block of blocksOf(numRows, blockSize)) {
      tf.tidy(() => {
        const part_NC = rowsOf(row_NC, block)
        const relative_NK = tf.sub(ofCentre_K, tf.mul(tf.matMul(part_NC, centres, false, true), 2))
        const nearest_N = tf.argMin<tf.Tensor1D>(relative_NK, 1)
        cluster_N.set(nearest_N.dataSync<"int32">(), block[0])
        // Not ||x||^2 - 2 x c + ||c||^2, which of rows near their centre is nothing but rounding.
        const difference_NC = tf.sub(part_NC, tf.gather(centres, nearest_N))
        squared_N.set(tf.sum(tf.square(difference_NC), 1).dataSync<"float32">(), block[0])
      })
    }
  })
  return { cluster_N, squared_N, inertia: squared_N.reduce((sum, value) => sum + value, 0) }
}

/**
 * The mean of each centre's rows. A centre without rows goes to the row that is farthest from its own one, each to another,
 * as scikit-learn does; it stays where no row is off its centre.
 *
 * @param centre_KC  what the rows were put to
 */
export const centresOf = (
  row_NC: tf.Tensor2D,
  { cluster_N, squared_N }: Assigned,
  centre_KC: Float32Array
): Float32Array => {
  const [numRows, size] = row_NC.shape
  const sum_KC = new Float64Array(centre_KC.length)
  const counts = new Int32Array(centre_KC.length / size)
  const add = (cluster: number, values: Float32Array, start: number, sign: 1 | -1) => {
    counts[cluster]! += sign
    for (let c = 0; c < size; c++) sum_KC[cluster * size + c]! += sign * values[start + c]!
  }
  for (const block of blocksOf(numRows, blockSize)) {
    const values = floatsOf(() => rowsOf(row_NC, block))
    for (let row = block[0]; row < block[1]; row++) add(cluster_N[row]!, values, (row - block[0]) * size, 1)
  }
  const empty = Array.from(counts.keys()).filter((cluster) => counts[cluster] === 0)
  for (const [place, row] of farthest(squared_N, empty.length).entries()) {
    const values = floatsOf(() => rowsOf(row_NC, [row, row + 1]))
    add(cluster_N[row]!, values, 0, -1)
    add(empty[place]!, values, 0, 1)
  }
  return Float32Array.from(sum_KC, (sum, at) => {
    const count = counts[Math.floor(at / size)]!
    return count === 0 ? centre_KC[at]! : sum / count
  })
}

const farthest = (squared_N: Float32Array, count: number): ReadonlyArray<number> =>
  count === 0
    ? []
    : Array.from(squared_N.keys())
        .sort((a, b) => squared_N[b]! - squared_N[a]!)
        .slice(0, count)
        .filter((row) => squared_N[row]! > 0)

interface KMeansOptions {
  /** Unsigned 32-bit integer. */
  readonly seed: number
  /** Beginnings of which the best end is kept (default: 10). */
  readonly restarts?: number
  /** Default: 300. */
  readonly maxIterations?: number
}

interface Clustering extends Assigned {
  readonly centre_KC: Float32Array
  readonly iterations: number
}

/**
 * Lloyd's k-means from given centres, until no row changes its cluster. Between iterations others may run, and it can be
 * stopped.
 *
 * @param centre_KC  row after row
 */
export const lloyd = Effect.fn("KMeans.lloyd")(function* (
  row_NC: tf.Tensor2D,
  centre_KC: Float32Array,
  maxIterations = 300
) {
  const assigned = (centres: Float32Array) =>
    Tensor.run("KMeans.assign", () => ({ ...assign(row_NC, centres), centre_KC: centres }))
  let current: Clustering = { ...(yield* assigned(centre_KC)), iterations: 0 }
  while (current.iterations < maxIterations) {
    yield* Effect.yieldNow
    const { cluster_N, iterations } = current
    const centres = yield* Tensor.run("KMeans.centresOf", () => centresOf(row_NC, current, current.centre_KC))
    current = { ...(yield* assigned(centres)), iterations: iterations + 1 }
    if (current.cluster_N.every((cluster, row) => cluster === cluster_N[row])) break
  }
  return current
}, Effect.interruptible)

/** The clustering of least inertia of several runs of {@link lloyd}, each from centres of k-means++. */
export const kMeans = Effect.fn("KMeans.run")(function* (
  row_NC: tf.Tensor2D,
  numClusters: number,
  { maxIterations, restarts = 10, seed }: KMeansOptions
) {
  let best: Clustering | undefined
  for (let restart = 0; restart < restarts; restart++) {
    const random = CounterRandom.make(seed, CounterRandom.Purpose.clustering, restart)
    const seeded = yield* Tensor.run("KMeans.seedCentres", () => seedCentres(row_NC, numClusters, random))
    const found = yield* lloyd(row_NC, seeded, maxIterations)
    if (best === undefined || found.inertia < best.inertia) best = found
  }
  return best!
})
