import { alignment, uniformity } from "@moco/evaluation/alignmentUniformity"
import { adjustedRandIndex, normalisedMutualInformation } from "@moco/evaluation/clustering/agreement"
import { lloyd } from "@moco/evaluation/clustering/kMeans"
import { confusion } from "@moco/evaluation/confusion"
import { exactNeighbours } from "@moco/evaluation/exactNeighbours"
import { retrieve } from "@moco/evaluation/retrieval"
import {
  addRows,
  effectiveRank,
  emptyGram,
  featureDeviation,
  rankMe,
  singularValues
} from "@moco/evaluation/spectrum"
import { rowsOf, unitRows } from "@moco/evaluation/unitRows"
import { votesOfNeighbours } from "@moco/evaluation/voteOfNeighbours"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Found } from "./python.ts"

/** How far a figure of ours is from theirs, and how far it may be. */
export interface Comparison {
  readonly what: string
  readonly difference: number
  readonly tolerance: number
}

/** Images that all but the logistic regression looks at. */
export const part = 2000

const size = 512
const numClasses = 10

type Numbers = ArrayLike<number>

const largest = (a: Numbers, b: Numbers): number =>
  a.length === b.length
    ? Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0)
    : Number.POSITIVE_INFINITY

const unlike = (a: Numbers, b: Numbers): number =>
  Array.from(a).filter((value, at) => value !== b[at]).length / Math.max(1, b.length)

const mean = (values: Numbers): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

/**
 * Compares what is found of the first images. Where the order of nearly equal float32 cosines decides, a few places may
 * differ, and a mean over images by as little.
 */
export const comparisons = Effect.fnUntraced(function* (
  feature_NC: tf.Tensor2D,
  labels: Int32Array,
  theirs: Found
) {
  const features = feature_NC.dataSync<"float32">()
  const unit_NC = unitRows(feature_NC)
  const neighbours = yield* exactNeighbours(rowsOf(unit_NC, [0, 200]), unit_NC, 20)
  const [votes200, votes20] = [yield* votesOf(unit_NC, labels, 200), yield* votesOf(unit_NC, labels, 20)]
  const retrieved = yield* retrieve({ unit_NC, labels }, undefined, [10])
  const clusters = yield* lloyd(feature_NC, features.slice(0, numClasses * size))
  const gram = emptyGram(size)
  addRows(gram, features)
  const singular = singularValues(gram)
  const row = (what: string, difference: number, tolerance: number): Comparison => ({
    what,
    difference,
    tolerance
  })
  return [
    row("nearest neighbours, part of places that differ", unlike(neighbours.index_NK, theirs.nearest), 1e-3),
    row("votes of 200 neighbours, largest part", largest(votes200, theirs.votes200), 1e-5),
    row("votes of 20 neighbours, largest part", largest(votes20, theirs.votes20), 1e-4),
    row("classes that 200 neighbours name", unlike(named(votes200), named(theirs.votes200)), 0),
    row("classes that 20 neighbours name", unlike(named(votes20), named(theirs.votes20)), 0),
    row("mean average precision", mean(retrieved.averagePrecisions) - mean(theirs.averagePrecision), 1e-6),
    row(
      "average precision of an image, largest",
      largest(retrieved.averagePrecisions, theirs.averagePrecision),
      1e-4
    ),
    row("precision at 10, mean", mean(retrieved.precisions[0]!) - mean(theirs.precisionAt10), 1e-4),
    row("uniformity", uniformity(unit_NC) - theirs.uniformity, 1e-6),
    row(
      "alignment",
      alignment(rowsOf(unit_NC, [1, part]), rowsOf(unit_NC, [0, part - 1])) - theirs.alignment,
      1e-6
    ),
    row(
      "deviation of features",
      featureDeviation(unit_NC.dataSync<"float32">(), size) - theirs.deviation,
      1e-7
    ),
    row("RankMe", rankMe(singular) - theirs.rankMe, 1e-6),
    row("effective rank", effectiveRank(singular) - theirs.effectiveRank, 1e-6),
    row("k-means from the same centres, part of inertia", clusters.inertia / theirs.inertia - 1, 1e-3),
    row(
      "normalised mutual information",
      normalisedMutualInformation(labels, theirs.clusters) - theirs.nmi,
      1e-12
    ),
    row("adjusted Rand index", adjustedRandIndex(labels, theirs.clusters) - theirs.ari, 1e-12),
    row("confusion matrix, largest", largest(flat(labels, theirs.clusters), theirs.confusion), 0)
  ]
})

/** Parts of the votes that each of the first 200 images gives each class, of its neighbours among the others. */
const votesOf = Effect.fnUntraced(function* (unit_NC: tf.Tensor2D, labels: Int32Array, k: number) {
  const [queries, bank] = [rowsOf(unit_NC, [0, 200]), rowsOf(unit_NC, [200, part])]
  const { index_NK, similarity_NK } = yield* exactNeighbours(queries, bank, k)
  tf.dispose([queries, bank])
  return Array.from({ length: 200 }, (_, row) => {
    const own = [row * k, (row + 1) * k] as const
    const some = [index_NK.subarray(...own), similarity_NK.subarray(...own)] as const
    const votes = votesOfNeighbours(...some, labels.subarray(200), 0.1, numClasses)
    const total = votes.reduce((sum, vote) => sum + vote, 0)
    return Array.from(votes, (vote) => vote / total)
  }).flat()
})

/** The class with the most votes, of each image. */
const named = (votes: Numbers): ReadonlyArray<number> =>
  Array.from({ length: votes.length / numClasses }, (_, row) => {
    const own = Array.from(votes).slice(row * numClasses, (row + 1) * numClasses)
    return own.indexOf(Math.max(...own))
  })

const flat = (labels: Int32Array, predictions: Numbers): ReadonlyArray<number> =>
  confusion(labels, predictions, numClasses).flatMap((row) => Array.from(row))

/** Puts the features on the backend. */
export const featuresOf = (values: Float32Array): tf.Tensor2D =>
  tf.tensor2d(values, [values.length / size, size])
