import * as tf from "@tensorflow/tfjs-core"
import type { LossNumbers } from "./LossState.ts"
import type { Keep } from "./Tensor.ts"

/** Cosine similarities of N queries: to their own key, and to K keys of other images. */
export interface Similarities {
  readonly positive_N1: tf.Tensor2D
  readonly negatives: Negatives
}

/** The negatives of N queries: the same keys for all of them, or similarities to keys of each query's own. */
export type Negatives = SharedNegatives | PerQueryNegatives

/**
 * K keys that every query is compared with.
 *
 * Their N x K similarities are not made: for K = 65,536 they are most of a loss's time and memory, and a loss may do
 * without writing them down. The keys are constant, no gradient reaches them.
 */
export interface SharedNegatives {
  readonly _tag: "Shared"
  readonly query_ND: tf.Tensor2D
  readonly key_KD: tf.Tensor2D
}

/** Similarities to keys that are not the same for every query, or that the gradient has to reach. */
export interface PerQueryNegatives {
  readonly _tag: "PerQuery"
  readonly similarity_NK: tf.Tensor2D
}

/** Negatives that all queries share. */
export const shared = (query_ND: tf.Tensor2D, key_KD: tf.Tensor2D): SharedNegatives => ({
  _tag: "Shared",
  query_ND,
  key_KD
})

/** Negatives of each query's own. */
export const perQuery = (similarity_NK: tf.Tensor2D): PerQueryNegatives => ({
  _tag: "PerQuery",
  similarity_NK
})

/** The similarities to the negatives, written down; differentiable in the queries. */
export const negativeSimilarities = (negatives: Negatives): tf.Tensor2D =>
  negatives._tag === "PerQuery" ? negatives.similarity_NK : timesConstant(negatives)

const timesConstant = ({ key_KD, query_ND }: SharedNegatives): tf.Tensor2D =>
  tf.customGrad((query) => ({
    value: tf.matMul(query as tf.Tensor2D, key_KD, false, true),
    gradFunc: (dy) => tf.matMul(dy as tf.Tensor2D, key_KD)
  }))(query_ND) as tf.Tensor2D

/** What a loss makes of the similarities of N queries. */
export interface Compared {
  /** Mean over queries in nats, shape `()`; differentiable. */
  readonly mean: tf.Scalar
  /** Similarity of each query's closest negative. Kept, without gradient. */
  readonly closest_N1: tf.Tensor2D
  /** What the state of a loss that has one is to learn from them. */
  readonly observation?: LossNumbers
}

/** A loss; it calls `keep` for what outlives the gradient's tidy. */
export type Compare = (similarities: Similarities, keep: Keep) => Compared

/** A loss by its formula, which is given the similarities written down. */
export const ofMatrices =
  (mean: (positive_N1: tf.Tensor2D, negative_NK: tf.Tensor2D) => tf.Scalar): Compare =>
  ({ negatives, positive_N1 }, keep) => {
    const negative_NK = negativeSimilarities(negatives)
    return { mean: mean(positive_N1, negative_NK), closest_N1: keep(tf.max(negative_NK, 1, true)) }
  }
