import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { run, SnapshotMismatch, type TensorError } from "./Tensor.ts"

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
  const fields = Object.entries<number>(most).map(([name, maximum]) => [
    name,
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
  ])
  const exactly = Schema.Struct(Object.fromEntries(fields) as Record<Name, typeof Schema.Int>)
  return Effect.mapError(
    Schema.decodeUnknownEffect(exactly, { onExcessProperty: "error", reportInput: true })(found),
    ({ message }) =>
      new SnapshotMismatch({ operation, problem: `its counters: ${message.replaceAll(/\s*\n\s*/g, " ")}` })
  ) as Effect.Effect<Readonly<Record<Name, number>>, SnapshotMismatch>
}

/** Fails with `problem` where it is one. */
export const refuse = (
  operation: string,
  problem: string | undefined
): Effect.Effect<void, SnapshotMismatch> =>
  problem === undefined ? Effect.void : Effect.fail(new SnapshotMismatch({ operation, problem }))

/** Far above what float32 loses when a row is divided by its length. */
const tolerance = 1e-3

/** Refuses rows that are no features: of another length than 1, or 0 where a network gives nothing. */
export const requireUnitRows = (
  operation: string,
  name: string,
  row_KD: tf.Tensor
): Effect.Effect<void, SnapshotMismatch | TensorError> =>
  Effect.flatMap(
    run(operation, () => tf.norm(row_KD, 2, 1).dataSync()),
    (lengths) => {
      const row = lengths.findIndex((length) => length !== 0 && Math.abs(length - 1) > tolerance)
      return refuse(
        operation,
        row < 0 ? undefined : `row ${row} of ${name} has the length ${lengths[row]} and should have 1`
      )
    }
  )
