import type * as tf from "@tensorflow/tfjs-core"
import { Context, type Effect } from "effect"
import type { Direction } from "./ContrastiveLoss.ts"
import type { Similarities } from "./Similarities.ts"
import type { Lease, NamedTensors, SnapshotMismatch, TensorError } from "./Tensor.ts"

/** What a step brings to the dictionary. */
export interface DictionaryStep {
  /** Counted from 0 over the whole run. */
  readonly step: number
  /** Positions of the batch's images in the training set; row n of every view shows image `indices[n]`. */
  readonly indices: Int32Array
  readonly directions: ReadonlyArray<Direction>
}

/** What a step's gradient has led to. */
export interface StepOutcome {
  /** The queries of each direction, unit rows. */
  readonly queries_ND: ReadonlyArray<tf.Tensor2D>
  /** The next values of everything that was trained, `trained()` included. */
  readonly parameters: NamedTensors
}

/** One step's use of the dictionary, prepared before the gradient is taken. */
export interface PreparedStep {
  /**
   * Similarities of a direction's queries to their keys and to the negatives. Pure and differentiable in
   * `query_ND` and in `parameters`; what a queue or a memory bank compares with is constant.
   *
   * @param parameters  what the gradient is taken in: the query encoder's by their names, and `trained()`
   */
  readonly similarities: (query_ND: tf.Tensor2D, direction: number, parameters: NamedTensors) => Similarities
  /** Computes the next state under the lease of `prepare`; nothing changes before the commit. */
  readonly settle: (outcome: StepOutcome) => SettledStep
}

/** A dictionary's next state, complete. */
export interface SettledStep {
  /**
   * What the commit puts in place, by the names of the snapshot: of every tensor that it changes the new one, or, where
   * most of it stays as it was, the part that is new. The trainer looks through it before the commit, for numbers that
   * are none; it belongs to the lease.
   */
  readonly entering: NamedTensors
  /** Puts the step's new state in place of the old one. Synchronous; nothing in it can fail. */
  readonly commit: () => void
}

/** What a dictionary holds in memory at the same time, as far as its settings decide it. */
export interface DictionaryMemory {
  /** Sets of an encoder's parameters, or of their moments, that there are at once, the query encoder's included. */
  readonly encoderCopies: number
  /** Features that it holds. */
  readonly rows: ReadonlyArray<{
    /** The setting that decides how many there are. */
    readonly setting: string
    readonly what: string
    readonly count: number
    /** 2 where the next state stands beside the old one until a step is committed. */
    readonly times: number
  }>
}

/** The state of a dictionary, its key encoder's included: tensors by name, and counters. */
export interface DictionarySnapshot {
  readonly tensors: NamedTensors
  readonly counters: Readonly<Record<string, number>>
}

/**
 * The dictionary that queries are compared with: where keys come from, and which negatives stand beside them.
 *
 * `prepare`, `similarities`, `settle` and `commit` are the seam that makes the three mechanisms of He et al. 2020
 * (figure 2) interchangeable under one trainer.
 */
export class Dictionary extends Context.Service<
  Dictionary,
  {
    /** Everything without gradient that comes before the loss: encodes keys, borrows or draws negatives. */
    readonly prepare: (step: DictionaryStep, lease: Lease) => PreparedStep
    /** Parameters beside the query encoder's that the gradient reaches, under names that no encoder uses. */
    readonly trained: () => NamedTensors
    /** Negatives per query. */
    readonly numNegatives: number
    /** Part of the negatives that are features of real images and not initial noise, 0 to 1. */
    readonly fill: () => number
    /** Distance between key and query encoder relative to the query encoder's norm, where there are two. */
    readonly encoderDistance: () => number | undefined
    /** The current state; its tensors are borrowed until the next commit. */
    readonly snapshot: () => DictionarySnapshot
    /** The state before the first step, made anew, to the bit. The caller owns its tensors; to be called within a tidy. */
    readonly initial: () => DictionarySnapshot
    /** Continues from a snapshot, of which it takes copies; one that does not fit changes nothing. */
    readonly restore: (snapshot: DictionarySnapshot) => Effect.Effect<void, TensorError | SnapshotMismatch>
  }
>()("@moco/core/Dictionary") {}
