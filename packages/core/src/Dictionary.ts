import type * as tf from "@tensorflow/tfjs-core"
import { Context, type Effect } from "effect"
import type { Direction, Similarities } from "./ContrastiveLoss.ts"
import type { Lease, NamedTensors, TensorError } from "./Tensor.ts"

/** One step's use of the dictionary, prepared before the gradient is taken. */
export interface PreparedStep {
  /**
   * Similarities of a direction's queries to their keys and to the negatives. Pure and differentiable in
   * `query_ND`; the keys and negatives of a queue are constants.
   */
  readonly similarities: (query_ND: tf.Tensor2D, direction: number) => Similarities
  /** Puts the step's new state in place of the old one. Synchronous; nothing in it can fail. */
  readonly commit: () => void
}

/** The state of a dictionary: tensors by name, and counters. */
export interface DictionarySnapshot {
  readonly tensors: NamedTensors
  readonly counters: Readonly<Record<string, number>>
}

/**
 * The dictionary that queries are compared with: where keys come from, and which negatives stand beside them.
 *
 * `prepare`, `similarities` and `commit` are the seam that makes the mechanisms of He et al. 2020 (figure 2)
 * interchangeable under one trainer.
 */
export class Dictionary extends Context.Service<
  Dictionary,
  {
    /** Everything without gradient: encodes keys, borrows negatives, computes the next state under `lease`. */
    readonly prepare: (directions: ReadonlyArray<Direction>, step: number, lease: Lease) => PreparedStep
    /** Negatives per query. */
    readonly numNegatives: number
    /** Part of the negatives that are keys of real images and not initial noise, 0 to 1. */
    readonly fill: () => number
    /** Distance between key and query encoder relative to the query encoder's norm, where there are two. */
    readonly encoderDistance: () => number | undefined
    /** The current state; its tensors are borrowed until the next commit. */
    readonly snapshot: () => DictionarySnapshot
    /** Continues from a snapshot, of which it takes copies. */
    readonly restore: (snapshot: DictionarySnapshot) => Effect.Effect<void, TensorError>
  }
>()("@moco/core/Dictionary") {}
