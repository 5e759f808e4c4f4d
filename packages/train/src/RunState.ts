import { Dictionary } from "@moco/core/Dictionary"
import { adopt, QueryEncoder, snapshotOf } from "@moco/core/Encoder"
import { fromHost, toHost } from "@moco/core/HostTensors"
import { decode, encode, SafetensorsMalformed } from "@moco/core/Safetensors"
import type { NamedTensors } from "@moco/core/Tensor"
import * as Tensor from "@moco/core/Tensor"
import { Context, Effect, Layer } from "effect"
import { allocateShared } from "./internal/hashAside.ts"
import { Optimizer } from "./Optimizer.ts"

/** Everything that a run's future depends on beside its config and the number of steps, in host memory. */
export interface CapturedState {
  /** Safetensors files by name. */
  readonly parts: Readonly<Record<string, Uint8Array>>
  /** Counters of the dictionary. */
  readonly counters: Readonly<Record<string, number>>
}

/** Names of the parts. */
const files = {
  query: "query.safetensors",
  optimizer: "optimizer.safetensors",
  dictionary: "dictionary.safetensors"
} as const

/** Refuses a state that has other parts than a run's. */
const requireParts = (found: ReadonlyArray<string>) => {
  const needed: ReadonlyArray<string> = Object.values(files)
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
    readonly capture: Effect.Effect<CapturedState, Tensor.TensorError>
    /** Continues from a captured state. One that does not fit is refused; a part may then be restored already. */
    readonly restore: (
      state: CapturedState
    ) => Effect.Effect<void, Tensor.TensorError | Tensor.SnapshotMismatch | SafetensorsMalformed>
  }
>()("@moco/train/RunState") {
  static readonly layer = Layer.effect(
    RunState,
    Effect.gen(function* () {
      const query = yield* QueryEncoder
      const optimizer = yield* Optimizer
      const dictionary = yield* Dictionary

      const capture = Tensor.run("RunState.capture", () => {
        const { counters, tensors } = dictionary.snapshot()
        return {
          parts: {
            [files.query]: copyOf(snapshotOf(query, "query")),
            [files.optimizer]: copyOf(optimizer.snapshot()),
            [files.dictionary]: copyOf(tensors)
          },
          counters
        }
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
        return yield* Tensor.scoped(`RunState.restore ${name}`, () => ({ ...fromHost(tensors) }))
      })

      const restore = Effect.fnUntraced(function* (state: CapturedState) {
        yield* requireParts(Object.keys(state.parts))
        // All are read before the first is put in place.
        const queryTensors = yield* tensorsOf(state, files.query)
        const moments = yield* tensorsOf(state, files.optimizer)
        const tensors = yield* tensorsOf(state, files.dictionary)
        const copies = yield* Tensor.copiesLike(
          "QueryEncoder.restore",
          snapshotOf(query, "query"),
          queryTensors
        )
        adopt(query, copies, "query")
        yield* optimizer.restore(moments)
        yield* dictionary.restore({ tensors, counters: state.counters })
      }, Effect.scoped)

      return RunState.of({ capture, restore })
    })
  )
}
