import { firstNonFinite, nonFinite } from "@moco/core/Finite"
import type { LossNumbers } from "@moco/core/LossState"
import * as Tensor from "@moco/core/Tensor"
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { NonFinite } from "./Diagnostics.ts"

/** Everything that the commit of a step would put in place, and the features that it comes from. */
export interface NextState {
  /** Running statistics of the query encoder. */
  readonly statistics: Tensor.NamedTensors
  /** All that is trained, the dictionary's own parameters included. */
  readonly parameters: Tensor.NamedTensors
  readonly moments: Tensor.NamedTensors
  /** What enters the dictionary, its key encoder included. */
  readonly entering: Tensor.NamedTensors
  readonly queries_ND: ReadonlyArray<tf.Tensor2D>
  /** The loss's own numbers, where it has a state. */
  readonly loss?: LossNumbers | undefined
}

/**
 * Fails where a number of the next state is none: once committed it would stay, be saved, exported and evaluated.
 *
 * Finite losses and gradients do not rule that out. A running variance can overflow that the batch's own features never
 * see; and TensorFlow's max-pool passes over NaN, so that one in the stem's weights need not reach the features. Nothing
 * here is worked out, every tensor is looked at as it is.
 */
export const requireFinite = Effect.fnUntraced(function* (
  { rate, step }: { readonly step: number; readonly rate: number },
  next: NextState
) {
  const found = yield* Tensor.run("NextState.requireFinite", () => {
    const number = Object.entries(next.loss ?? {}).find(([, value]) => !Number.isFinite(value))
    if (number !== undefined) return { where: [`loss.${number[0]}`], value: number[1] }
    const tensors = named(next)
    const where = nonFinite(tensors)
    return where.length === 0 ? undefined : { where, value: firstNonFinite(tensors[where[0]!]!) }
  })
  if (found === undefined) return
  const { value, where } = found
  return yield* new NonFinite({
    step,
    metric: "the next state",
    where,
    value: String(value),
    learningRate: rate
  })
})

/** In the order in which a step comes to them, so that the first that is not finite is where it began. */
const named = ({ entering, moments, parameters, queries_ND, statistics }: NextState): Tensor.NamedTensors => {
  const queries = queries_ND.map((query_ND, direction) => [`queries.${direction}`, query_ND] as const)
  // End to end the dictionary's parameters are both trained and entering: once is enough.
  const trained = new Set(Object.values(parameters))
  const entries = Object.entries(entering).filter(([, tensor]) => !trained.has(tensor))
  return {
    ...statistics,
    ...Object.fromEntries(queries),
    ...Tensor.prefixed(moments, "moments"),
    ...parameters,
    ...Tensor.prefixed(Object.fromEntries(entries), "dictionary")
  }
}
