import * as tf from "@tensorflow/tfjs-core"
import * as CounterRandom from "../../CounterRandom.ts"
import { type Negatives, negativeSimilarities, perQuery, shared } from "../../Similarities.ts"
import type { Keep } from "../../Tensor.ts"

/** Which negatives are drawn. */
export interface Draw {
  /** K, the number of negatives. */
  readonly size: number
  readonly redrawOwn: boolean
  readonly seed: number
  readonly step: number
  readonly direction: number
  /** The images of the batch. */
  readonly indices: Int32Array
}

/** Negatives of a batch: K entries for all queries, and what stands in where one of them is a query's own. */
export interface Drawn {
  readonly negatives_KD: tf.Tensor2D
  readonly substitutes: Substitutes | undefined
}

/** C entries, each of which replaces one negative of one query. */
interface Substitutes {
  readonly entry_CD: tf.Tensor2D
  /** 1 where a query is to be compared with a substitute, else 0. */
  readonly query_NC: tf.Tensor2D
  /** 1 at the negative that a substitute replaces, else 0. */
  readonly place_CK: tf.Tensor2D
  /** 0 where a similarity is replaced, else 1. */
  readonly kept_NK: tf.Tensor2D
}

/** The entries that a draw takes, uniform with replacement. Pure: a function of (seed, step, direction). */
export const drawIndices = ({ direction, seed, size, step }: Draw, numImages: number): Int32Array => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.negatives, step, direction)
  return Int32Array.from({ length: size }, () => random.below(numImages))
}

/** Draws the negatives of one direction from the bank; `keep` is called for every tensor that is returned. */
export const drawNegatives = (bank_MD: tf.Tensor2D, draw: Draw, keep: Keep): Drawn => {
  const drawn = drawIndices(draw, bank_MD.shape[0])
  const negatives_KD = keep(tf.gather(bank_MD, tf.tensor1d(drawn, "int32")))
  const collisions = draw.redrawOwn ? collisionsOf(drawn, draw, bank_MD.shape[0]) : []
  if (collisions.length === 0) return { negatives_KD, substitutes: undefined }
  const numQueries = draw.indices.length
  const query_NC = new Float32Array(numQueries * collisions.length)
  const place_CK = new Float32Array(collisions.length * draw.size)
  const kept_NK = new Float32Array(numQueries * draw.size).fill(1)
  collisions.forEach(({ negative, query }, i) => {
    query_NC[query * collisions.length + i] = 1
    place_CK[i * draw.size + negative] = 1
    kept_NK[query * draw.size + negative] = 0
  })
  const entries = tf.tensor1d(
    Int32Array.from(collisions, ({ substitute }) => substitute),
    "int32"
  )
  return {
    negatives_KD,
    substitutes: {
      entry_CD: keep(tf.gather(bank_MD, entries)),
      query_NC: keep(tf.tensor2d(query_NC, [numQueries, collisions.length])),
      place_CK: keep(tf.tensor2d(place_CK, [collisions.length, draw.size])),
      kept_NK: keep(tf.tensor2d(kept_NK, [numQueries, draw.size]))
    }
  }
}

/**
 * What queries are compared with; differentiable in `query_ND`. Negatives are each query's own where one is
 * substituted: with `redrawOwn` about N K / M are, so in nearly every batch.
 */
export const negativesOf = (query_ND: tf.Tensor2D, { negatives_KD, substitutes }: Drawn): Negatives => {
  const drawn = shared(query_ND, negatives_KD)
  if (substitutes === undefined) return drawn
  const { entry_CD, kept_NK, place_CK, query_NC } = substitutes
  const substitute_NC = tf.mul<tf.Tensor2D>(tf.matMul(query_ND, entry_CD, false, true), query_NC)
  const kept = tf.mul(negativeSimilarities(drawn), kept_NK)
  return perQuery(tf.add(kept, tf.matMul(substitute_NC, place_CK)))
}

interface Collision {
  /** Place in the batch. */
  readonly query: number
  /** Place among the drawn negatives. */
  readonly negative: number
  /** The entry that is drawn in its place. */
  readonly substitute: number
}

const collisionsOf = (
  drawn: Int32Array,
  { direction, indices, seed, step }: Draw,
  numImages: number
): ReadonlyArray<Collision> => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.redrawnNegatives, step, direction)
  const queryOf = new Map(Array.from(indices, (image, query) => [image, query]))
  return Array.from(drawn).flatMap((image, negative) => {
    const query = queryOf.get(image)
    if (query === undefined || numImages === 1) return []
    // Uniform over all entries but the own one: the last takes its place.
    const other = random.below(numImages - 1)
    return [{ query, negative, substitute: other === image ? numImages - 1 : other }]
  })
}
