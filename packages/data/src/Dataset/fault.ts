import { Effect } from "effect"
import { DatasetInvalid } from "./errors.ts"

/** A part of a data set that is wrong. */
export interface Fault {
  readonly field: string
  readonly value: unknown
  readonly problem: string
  readonly hint: string
}

export const fault = (field: string, value: unknown, problem: string, hint: string): Fault => ({
  field,
  value,
  problem,
  hint
})

/** Fails with the first fault alone: what is looked at after it may rest on what is wrong. */
export const report = (dataset: string, [first]: Iterable<Fault>): Effect.Effect<void, DatasetInvalid> =>
  first === undefined
    ? Effect.void
    : Effect.fail(new DatasetInvalid({ ...first, dataset: String(dataset), value: String(first.value) }))

/** The same faults, of a part of something larger. */
export function* within(part: string, faults: Iterable<Fault>): Generator<Fault> {
  for (const found of faults) yield { ...found, field: `${part}.${found.field}` }
}
