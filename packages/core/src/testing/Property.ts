import { Effect, type Scope } from "effect"
import fc from "fast-check"

/**
 * Checks an Effect-valued property in the caller's context, with a fresh Scope for every run.
 *
 * A failure prints the seed and the shrunk counterexample.
 */
export const check = <A, E, R>(
  arbitrary: fc.Arbitrary<A>,
  property: (value: A) => Effect.Effect<void, E, R>,
  parameters: fc.Parameters<[A]> = {}
): Effect.Effect<void, never, Exclude<R, Scope.Scope>> =>
  Effect.flatMap(Effect.context<Exclude<R, Scope.Scope>>(), (context) =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(arbitrary, (value) =>
          Effect.runPromiseWith(context)(Effect.scoped(property(value)))
        ),
        parameters
      )
    )
  )
