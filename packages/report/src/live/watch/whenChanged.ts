import { Effect } from "effect"
import { lookOf } from "./growth.ts"

/** What `read` gave when the file at `path` was last seen to be another; nothing while there is none. */
export const whenChanged = <A, R>(path: string, read: Effect.Effect<A, never, R>) => {
  let known: { readonly look: string; readonly value: A } | undefined
  return Effect.gen(function* () {
    const look = yield* lookOf(path)
    if (look === undefined) known = undefined
    else if (look !== known?.look) known = { look, value: yield* read }
    return known?.value
  })
}
