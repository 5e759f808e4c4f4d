import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { emptyHeap, sortNearestFirst, takeIn } from "./nearestHeap.ts"
import { floatsOf } from "./onHost.ts"
import { blocksOf, rowsOf } from "./unitRows.ts"

/** Of N queries the k nearest bank rows, nearest first; of equal similarities the lower row is first. */
interface Neighbours {
  readonly index_NK: Int32Array
  /** Cosines, in the order of the indices. */
  readonly similarity_NK: Float32Array
}

/** How many similarities are held at a time: queries by bank rows; 32 MB as they are. The result does not depend on it. */
interface Blocks {
  readonly queries?: number
  readonly bank?: number
}

const defaultBlocks = { queries: 1024, bank: 8192 }

/**
 * The k nearest of all bank rows, none left out by an approximation; nearest first.
 *
 * Between blocks of queries others may run, and the search can be stopped.
 *
 * @param query_NC  unit rows; N x C floats
 * @param bank_BC  unit rows; borrowed, and read block by block
 * @param k  1..B
 */
export const exactNeighbours = Effect.fn("exactNeighbours")(function* (
  query_NC: tf.Tensor2D,
  bank_BC: tf.Tensor2D,
  k: number,
  blocks: Blocks = {}
) {
  const { bank, queries } = { ...defaultBlocks, ...blocks }
  const numQueries = query_NC.shape[0]
  const index_NK = new Int32Array(numQueries * k)
  const similarity_NK = new Float32Array(numQueries * k)
  for (const block of blocksOf(numQueries, queries)) {
    const found = yield* Tensor.run("exactNeighbours.nearest", () =>
      nearest(rowsOf(query_NC, block), bank_BC, k, bank)
    )
    index_NK.set(found.index_NK, block[0] * k)
    similarity_NK.set(found.similarity_NK, block[0] * k)
    yield* Effect.yieldNow
  }
  return { index_NK, similarity_NK } satisfies Neighbours
}, Effect.interruptible)

/**
 * One block of {@link exactNeighbours}.
 *
 * @throws RangeError when a similarity is not finite, or k is above B
 */
const nearest = (
  query_NC: tf.Tensor2D,
  bank_BC: tf.Tensor2D,
  k: number,
  bankBlock = defaultBlocks.bank
): Neighbours => {
  const numQueries = query_NC.shape[0]
  const index_NK = new Int32Array(numQueries * k)
  const similarity_NK = new Float32Array(numQueries * k)
  const heaps = Array.from({ length: numQueries }, () => emptyHeap(k))
  for (const block of blocksOf(bank_BC.shape[0], bankBlock)) {
    const width = block[1] - block[0]
    const similarity_NB = floatsOf(() => tf.matMul(query_NC, rowsOf(bank_BC, block), false, true))
    for (const [query, heap] of heaps.entries()) takeIn(heap, similarity_NB, query * width, width, block[0])
  }
  for (const [query, heap] of heaps.entries()) {
    sortNearestFirst(heap)
    index_NK.set(heap.indices, query * k)
    similarity_NK.set(heap.similarities, query * k)
  }
  return { index_NK, similarity_NK }
}
