import { ContrastiveLoss, stateOf } from "@moco/core/ContrastiveLoss"
import { Dictionary } from "@moco/core/Dictionary"
import { adopt, QueryEncoder, snapshotOf, snapshotOfWeights } from "@moco/core/Encoder"
import { type NonFiniteTensors, requireFinite } from "@moco/core/Finite"
import { fromHost, toHost } from "@moco/core/HostTensors"
import type { LossNumbers } from "@moco/core/LossState"
import { decode, encode, SafetensorsMalformed } from "@moco/core/Safetensors"
import { requireVariances } from "@moco/core/Snapshot"
import type { NamedTensors } from "@moco/core/Tensor"
import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer } from "effect"
import { allocateShared } from "./internal/hashAside.ts"
import { Optimizer } from "./Optimizer.ts"

/** Everything that a run's future depends on beside its config and the number of steps, in host memory. */
export interface CapturedState {
  /** Safetensors files by name. */
  readonly parts: Readonly<Record<string, Uint8Array>>
  /** Counters of the dictionary, and the state of the loss under names that begin with `loss.`. */
  readonly counters: Readonly<Record<string, number>>
}

/** Names of the parts of a state, which are files of a checkpoint. */
export const stateFiles = {
  query: "query.safetensors",
  optimizer: "optimizer.safetensors",
  dictionary: "dictionary.safetensors"
} as const

const keepsOlder = "it was not saved; go on from an older checkpoint with --resume=RUN"
const takeOlder = "rename the folder of this checkpoint, so that an older one is taken"

/** What the names of a loss's numbers begin with, among the dictionary's counters. */
const ofLoss = "loss."

const named = (numbers: LossNumbers): LossNumbers =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [ofLoss + name, value]))

/** The dictionary's counters and the loss's numbers, which a captured state has together. */
const apart = (together: CapturedState["counters"]) => {
  const [counters, lossNumbers] = [false, true].map((isOfLoss) =>
    Object.entries(together).filter(([name]) => name.startsWith(ofLoss) === isOfLoss)
  ) as [Array<[string, number]>, Array<[string, number]>]
  return {
    counters: Object.fromEntries(counters),
    lossNumbers: Object.fromEntries(lossNumbers.map(([name, value]) => [name.slice(ofLoss.length), value]))
  }
}

/** Refuses a state that has other parts than a run's. */
const requireParts = (found: ReadonlyArray<string>) => {
  const needed: ReadonlyArray<string> = Object.values(stateFiles)
  const missing = needed.find((name) => !found.includes(name))
  const foreign = found.find((name) => !needed.includes(name))
  const problem =
    missing === undefined ? `the part ${foreign} has no place` : `the part ${missing} is missing`
  return missing === undefined && foreign === undefined
    ? Effect.void
    : Effect.fail(new Tensor.SnapshotMismatch({ operation: "RunState.restore", problem }))
}

/** In memory that is hashed without another copy. */
const copyOf = (tensors: NamedTensors): Uint8Array => encode(toHost(tensors), {}, allocateShared)

/**
 * The state of a run as one value: the query encoder, the optimizer's moments, and the dictionary with whatever
 * encoder it keeps. Randomness is none of it: every draw is a function of seed and step.
 */
export class RunState extends Context.Service<
  RunState,
  {
    /** A copy of the state between two steps; takes as long as the copy. */
    readonly capture: Effect.Effect<CapturedState, Tensor.TensorError | NonFiniteTensors>
    /** Continues from a captured state. One that does not fit is refused; a part may then be restored already. */
    readonly restore: (
      state: CapturedState
    ) => Effect.Effect<
      void,
      Tensor.TensorError | Tensor.SnapshotMismatch | SafetensorsMalformed | NonFiniteTensors
    >
    /** Puts the state in place that the run began with, made anew: it is a function of the config and its seed. */
    readonly reset: Effect.Effect<void, Tensor.TensorError | Tensor.SnapshotMismatch>
  }
>()("@moco/train/RunState") {
  static readonly layer = Layer.effect(
    RunState,
    Effect.gen(function* () {
      const query = yield* QueryEncoder
      const optimizer = yield* Optimizer
      const dictionary = yield* Dictionary
      const loss = stateOf(yield* ContrastiveLoss)
      const initialLoss = loss.snapshot()

      const current = () => ({
        [stateFiles.query]: snapshotOf(query, "query"),
        [stateFiles.optimizer]: optimizer.snapshot(),
        [stateFiles.dictionary]: dictionary.snapshot().tensors
      })
      const capture = Effect.gen(function* () {
        for (const [name, tensors] of Object.entries(current())) {
          yield* requireFinite(tensors, { subject: `the state to be saved, ${name},`, hint: keepsOlder })
        }
        return yield* Tensor.run("RunState.capture", () => ({
          parts: Object.fromEntries(
            Object.entries(current()).map(([name, tensors]) => [name, copyOf(tensors)])
          ),
          counters: { ...dictionary.snapshot().counters, ...named(loss.snapshot()) }
        }))
      })

      /** The tensors of a part for as long as the Scope is open: who restores takes copies. */
      const tensorsOf = Effect.fnUntraced(function* ({ parts }: CapturedState, name: string) {
        const { tensors } = yield* Effect.mapError(
          decode(parts[name] ?? new Uint8Array()),
          ({ problem, where }) => new SafetensorsMalformed({ where: `${name}: ${where}`, problem })
        )
        const foreign = Object.entries(tensors).find(([, { dtype }]) => dtype !== "F32" && dtype !== "I32")
        if (foreign !== undefined) {
          const problem = `${foreign[0]} in ${name} is of type ${foreign[1].dtype}, and F32 or I32 is needed`
          return yield* new Tensor.SnapshotMismatch({ operation: "RunState.restore", problem })
        }
        const read = yield* Tensor.scoped(`RunState.restore ${name}`, () => ({ ...fromHost(tensors) }))
        yield* requireFinite(read, { subject: `the state to be restored, ${name},`, hint: takeOlder })
        return read
      })

      const restore = Effect.fnUntraced(function* (state: CapturedState) {
        yield* requireParts(Object.keys(state.parts))
        // All are read before the first is put in place.
        const queryTensors = yield* tensorsOf(state, stateFiles.query)
        const moments = yield* tensorsOf(state, stateFiles.optimizer)
        const tensors = yield* tensorsOf(state, stateFiles.dictionary)
        const { counters, lossNumbers } = apart(state.counters)
        yield* loss.restore(lossNumbers)
        const operation = "QueryEncoder.restore"
        const copies = yield* Tensor.copiesLike(
          operation,
          snapshotOf(query, "query"),
          queryTensors,
          requireVariances(operation, queryTensors)
        )
        adopt(query, copies, "query")
        yield* optimizer.restore(moments)
        yield* dictionary.restore({ tensors, counters })
      }, Effect.scoped)

      const initialDictionary = Effect.acquireRelease(
        Tensor.run("RunState.reset", dictionary.initial),
        ({ tensors }) => Effect.sync(() => tf.dispose(Object.values(tensors)))
      )
      const reset = Effect.gen(function* () {
        const made = yield* Tensor.scoped("RunState.reset", () => ({
          query: { ...snapshotOfWeights(query.initial(), "query") },
          moments: { ...optimizer.initial() }
        }))
        const { counters, tensors } = yield* initialDictionary
        const copies = yield* Tensor.copiesLike("RunState.reset", snapshotOf(query, "query"), made.query)
        adopt(query, copies, "query")
        yield* optimizer.restore(made.moments)
        yield* dictionary.restore({ tensors, counters })
        yield* loss.restore(initialLoss)
      }).pipe(Effect.scoped)

      return RunState.of({ capture, restore, reset })
    })
  )
}
