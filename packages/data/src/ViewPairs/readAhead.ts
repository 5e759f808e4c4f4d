import { Effect, Exit, Fiber, type Scope } from "effect"

/** A reading that runs ahead of whoever needs what it reads; it ends with what it came to, so that nothing is told twice. */
type Reading<A, E> = Fiber.Fiber<Exit.Exit<A, E>>

/**
 * Reads what belongs to a step, and meanwhile what the next `depth` steps will ask for, each in a fiber of its own that
 * ends with the surrounding Scope at the latest.
 *
 * Steps may be asked for in any order and more than once: what is given for a step is what `read` gives, no other
 * reading has an influence on it, and what a reading fails with reaches the step that asks for it. Readings for steps
 * that are not among the next ones any more are interrupted.
 *
 * @param read  what belongs to a step; it may be interrupted, and asked again
 */
export const readAhead = <A, E>(
  read: (step: number) => Effect.Effect<A, E>,
  depth: number
): Effect.Effect<(step: number) => Effect.Effect<A, E>, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    const ahead = new Map<number, Reading<A, E>>()

    const dropOthers = (step: number) => {
      for (const [other, reading] of ahead) {
        if (other > step && other <= step + depth) continue
        ahead.delete(other)
        // Nobody waits for it: a source may take its time to stop.
        reading.interruptUnsafe()
      }
    }

    const begin = Effect.fnUntraced(function* (step: number) {
      if (ahead.has(step)) return
      const reading = Effect.exit(Effect.suspend(() => read(step)))
      // Its spans would be taken for parts of the step that it runs beside.
      ahead.set(step, yield* Effect.forkIn(Effect.withTracerEnabled(reading, false), scope))
    })

    return Effect.fnUntraced(function* (step: number) {
      const begun = ahead.get(step)
      ahead.delete(step)
      dropOthers(step)
      for (let next = step + 1; next <= step + depth; next++) yield* begin(next)
      if (begun === undefined) return yield* read(step)
      const ended = yield* Effect.onInterrupt(Fiber.await(begun), () => Fiber.interrupt(begun))
      // It was interrupted where the Scope has closed: nothing is read ahead any more.
      return yield* Exit.isSuccess(ended) ? ended.value : read(step)
    })
  })
