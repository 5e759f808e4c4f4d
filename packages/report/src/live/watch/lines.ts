import { Effect, Result } from "effect"
import { reasonOf } from "../../runs/look.ts"
import { growthOf, type Place, start } from "./growth.ts"
import type { Files } from "./Subject.ts"

/** Lines that are understood before others have their turn. */
const linesAtOnce = 500

/**
 * What the lines of a growing file have told so far, taken in by `take` one at a time; it begins with `none`, and again
 * where the file begins anew.
 *
 * @returns what they have told; in `problem` why the file cannot be read
 */
export const followLines = <A>(path: string, none: () => A, take: (told: A, line: string) => A) => {
  let place: Place = start
  let told = none()
  const look: Effect.Effect<{ readonly told: A; readonly problem?: string }, never, Files> = Effect.gen(
    function* () {
      for (let hasMore = true; hasMore; ) {
        const grown = yield* Effect.result(growthOf(path, place))
        if (Result.isFailure(grown)) return { told, problem: reasonOf(grown.failure) }
        if (grown.success.isAnew) told = none()
        for (const [i, line] of grown.success.lines.entries()) {
          told = take(told, line)
          if (i % linesAtOnce === linesAtOnce - 1) yield* Effect.yieldNow
        }
        ;({ hasMore, place } = grown.success)
      }
      return { told }
    }
  )
  return look
}
