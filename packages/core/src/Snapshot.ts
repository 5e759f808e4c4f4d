import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { type NamedTensors, run, SnapshotMismatch, type TensorError } from "./Tensor.ts"

/**
 * Counters of a snapshot as they must be: these and no others, whole numbers from 0 to the bound that is given.
 *
 * @param most  the greatest value of every counter
 */
export const counters = <Name extends string>(
  operation: string,
  most: Readonly<Record<Name, number>>,
  found: Readonly<Record<string, number>>
): Effect.Effect<Readonly<Record<Name, number>>, SnapshotMismatch> => {
  const refused = (problem: string) =>
    Effect.fail(new SnapshotMismatch({ operation, problem: `its counters: ${problem}` }))
  const foreign = Object.keys(found).find((name) => !Object.hasOwn(most, name))
  if (foreign !== undefined) return refused(`${foreign} has no place`)
  for (const [name, maximum] of Object.entries<number>(most)) {
    const value = found[name]
    if (value === undefined) return refused(`${name} is missing`)
    if (!Schema.is(countUpTo(maximum))(value)) {
      return refused(`${name} is ${value} and should be a whole number from 0 to ${maximum}`)
    }
  }
  return Effect.succeed(found as Readonly<Record<Name, number>>)
}

const countUpTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** Fails with `problem` where it is one. */
export const refuse = (
  operation: string,
  problem: string | undefined
): Effect.Effect<void, SnapshotMismatch> =>
  problem === undefined ? Effect.void : Effect.fail(new SnapshotMismatch({ operation, problem }))

/** Far above what float32 loses when a row is divided by its length. */
const tolerance = 1e-3

/** Refuses rows of a tensor that are no features: of another length than 1, or 0 where a network gives nothing. */
export const requireUnitRows = (
  operation: string,
  name: string,
  { [name]: row_KD }: NamedTensors
): Effect.Effect<void, SnapshotMismatch | TensorError> =>
  Effect.flatMap(
    run(operation, () => tf.norm(row_KD!, 2, 1).dataSync()),
    (lengths) => {
      const row = lengths.findIndex((length) => length !== 0 && Math.abs(length - 1) > tolerance)
      return refuse(
        operation,
        row < 0 ? undefined : `row ${row} of ${name} has the length ${lengths[row]} and should have 1`
      )
    }
  )

/** Refuses running variances of an encoder below 0, of which batch norm would take a root. */
export const requireVariances = (
  operation: string,
  tensors: NamedTensors
): Effect.Effect<void, SnapshotMismatch | TensorError> => {
  const names = Object.keys(tensors).filter((name) => name.endsWith(".running_var"))
  const least = run(operation, () => names.map((name) => tf.min(tensors[name]!).dataSync()[0]!))
  return Effect.flatMap(least, (values) => {
    const first = values.findIndex((value) => value < 0)
    const problem = `${names[first]} holds ${values[first]}, and a variance is never below 0`
    return refuse(operation, first < 0 ? undefined : problem)
  })
}
