import { assert } from "@effect/vitest"
import { Effect } from "effect"

/** What is told by an effect that must fail with one of these errors. */
export const refusal = <A, E extends { readonly _tag: string; readonly message: string }, R>(
  reading: Effect.Effect<A, E, R>,
  tag: E["_tag"] = "DatasetInvalid"
) =>
  Effect.map(Effect.flip(reading), (error) => {
    assert.strictEqual(error._tag, tag, error.message)
    return error.message
  })
