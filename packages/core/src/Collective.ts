import type * as tf from "@tensorflow/tfjs-core"
import { Context } from "effect"
import type { NamedTensors } from "./Tensor.ts"

/**
 * What several processes that train one encoder do together: gradients, keys and counts of a step pass through it.
 *
 * Every function is pure and synchronous, since it stands inside a step; what it makes belongs to the caller's tidy. It
 * may give back what it was given: with one process nothing is copied, and nothing is computed. Every process calls the
 * same functions in the same order.
 */
export interface Processes {
  /** Which of the processes this is, from 0. */
  readonly rank: number
  /** How many there are. */
  readonly size: number
  /** Each tensor's mean over the processes, which all get the same: of gradients that each has taken on its own images. */
  readonly allReduceMean: (tensors: NamedTensors) => NamedTensors
  /** The rows of all processes below each other, rank 0 first, which all get the same: of keys that wait in a queue. */
  readonly allGather: (row_ND: tf.Tensor2D) => tf.Tensor2D
  /** The sum of a count over the processes: of images in a batch. */
  readonly total: (count: number) => number
}

/** One process, alone. */
export const oneProcess: Processes = {
  rank: 0,
  size: 1,
  allReduceMean: (tensors) => tensors,
  allGather: (row_ND) => row_ND,
  total: (count) => count
}

/** The processes of a run; one, unless a layer provides more. */
export const Collective = Context.Reference<Processes>("@moco/core/Collective", {
  defaultValue: () => oneProcess
})
