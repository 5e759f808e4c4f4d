import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { makeRanking } from "./ranking.ts"
import { blocksOf, rowsOf } from "./unitRows.ts"

/** Unit rows and the class of each. */
interface LabelledRows {
  readonly unit_NC: tf.Tensor2D
  readonly labels: ArrayLike<number>
}

/** What retrieval gave for each query, so that intervals can be made of it. */
interface Retrieval {
  /** For each k that was asked for, the part of each query's k nearest that is of its class. */
  readonly precisions: ReadonlyArray<Float64Array>
  /** The average precision of each query that has an image of its class in the gallery, in the order of the queries. */
  readonly averagePrecisions: Float64Array
}

/** Similarities of 256 queries to a gallery of 60,000 are 61 MB. */
const blockSize = 256

/**
 * Ranks the whole gallery by its cosine to each query; of equal ones the lower row is first.
 *
 * @param gallery  another set, or absent: the queries themselves, of which each leaves itself out
 * @param ks  numbers of neighbours, each 1 to the size of the gallery (less one where a query leaves itself out)
 */
export const retrieve = Effect.fn("retrieve")(function* (
  queries: LabelledRows,
  gallery: LabelledRows | undefined,
  ks: ReadonlyArray<number>
) {
  const numQueries = queries.unit_NC.shape[0]
  const among = gallery ?? queries
  const rank = makeRanking(among.unit_NC.shape[0])
  const precisions = ks.map(() => new Float64Array(numQueries))
  const averagePrecisions: Array<number> = []
  for (const block of blocksOf(numQueries, blockSize)) {
    const similarity_NB = yield* Tensor.run("retrieve.similarities", () =>
      tf.matMul(rowsOf(queries.unit_NC, block), among.unit_NC, false, true).dataSync<"float32">()
    )
    yield* Tensor.run("retrieve.rank", () => {
      const width = among.unit_NC.shape[0]
      for (let query = block[0]; query < block[1]; query++) {
        const start = (query - block[0]) * width
        const order = rank(similarity_NB.subarray(start, start + width))
        const others = gallery === undefined ? without(order, query) : order
        const isRelevant = relevance(others, among.labels, queries.labels[query]!)
        ks.forEach((k, i) => {
          precisions[i]![query] = precisionAt(isRelevant, k)
        })
        if (isRelevant.includes(1)) averagePrecisions.push(averagePrecision(isRelevant))
      }
    })
    yield* Effect.yieldNow
  }
  return { precisions, averagePrecisions: Float64Array.from(averagePrecisions) } satisfies Retrieval
}, Effect.interruptible)

/** The order of the others: in place, one shorter. */
const without = (order: Int32Array, row: number): Int32Array => {
  const place = order.indexOf(row)
  return order.copyWithin(place, place + 1).subarray(0, -1)
}

/** 1 for each place of a ranking whose row is of the class. */
const relevance = (order: Int32Array, labels: ArrayLike<number>, label: number): Uint8Array => {
  const isRelevant = new Uint8Array(order.length)
  for (let place = 0; place < order.length; place++)
    isRelevant[place] = labels[order[place]!] === label ? 1 : 0
  return isRelevant
}

/** Part of the first k that are relevant. */
const precisionAt = (isRelevant: Uint8Array, k: number): number => {
  let found = 0
  for (let place = 0; place < k; place++) found += isRelevant[place]!
  return found / k
}

/** The precision at the place of each relevant one, averaged over them; NaN where there is none. */
export const averagePrecision = (isRelevant: Uint8Array): number => {
  let [found, sum] = [0, 0]
  for (let place = 0; place < isRelevant.length; place++) {
    if (isRelevant[place] === 0) continue
    found++
    sum += found / (place + 1)
  }
  return sum / found
}
