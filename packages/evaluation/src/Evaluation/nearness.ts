import * as tf from "@tensorflow/tfjs-core"
import { Schema } from "effect"
import { unitRows } from "../unitRows.ts"

/** By what two rows are near each other. */
export const Nearness = Schema.Literals(["cosine", "euclidean"]).annotate({
  description:
    "by what images are near: cosine (what is meant where it is left out), a vote weighs exp(similarity / temperature); " +
    "euclidean, a vote weighs 1 / distance, and the temperature is of no use"
})
export type Nearness = typeof Nearness.Type

/** How neighbours are found by products of rows, and what a product says of a vote. */
interface Comparison {
  /** Queries, of which the products with bank rows rise as these come nearer. */
  readonly queries: (row_NC: tf.Tensor2D) => tf.Tensor2D
  readonly bank: (row_BC: tf.Tensor2D) => tf.Tensor2D
  /** What a vote is the exponential of, over the temperature; by the product and the query's squared length. */
  readonly similarity: (product: number, squaredLength: number) => number
  readonly temperature: (setting: number) => number
  readonly inWords: (temperature: number | "temperature") => string
}

/** Distances below are one: float32 cannot tell them apart where rows are of length 1. */
const leastDistance = 1e-4

export const comparisons: Readonly<Record<Nearness, Comparison>> = {
  cosine: {
    queries: unitRows,
    bank: unitRows,
    similarity: (cosine) => cosine,
    temperature: (setting) => setting,
    inWords: (temperature) => `similarity is cosine, a vote weighs exp(similarity / ${temperature})`
  },
  euclidean: {
    // q.b - |b|^2 / 2 rises as |q - b|^2 = |q|^2 - 2 (q.b - |b|^2 / 2) falls.
    queries: (row_NC) => tf.tidy(() => tf.concat2d([row_NC, tf.ones<tf.Rank.R2>([row_NC.shape[0], 1])], 1)),
    bank: (row_BC) =>
      tf.tidy(() => tf.concat2d([row_BC, tf.mul<tf.Tensor2D>(tf.sum(tf.square(row_BC), 1, true), -0.5)], 1)),
    similarity: (product, squaredLength) =>
      -Math.log(Math.max(leastDistance, Math.sqrt(Math.max(0, squaredLength - 2 * product)))),
    temperature: () => 1,
    inWords: () => "near by Euclidean distance, a vote weighs 1 / distance"
  }
}
