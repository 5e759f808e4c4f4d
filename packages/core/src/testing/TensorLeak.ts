import { assert } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Effect, Exit, type Scope } from "effect"

/** Asserts that as many tensors live after `effect` as before it, however it ends. */
export const check = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const before = tf.memory().numTensors
      const exit = yield* Effect.exit(restore(effect))
      assert.strictEqual(tf.memory().numTensors, before, "number of tensors after and before")
      return yield* exit
    })
  )

/**
 * Runs what needs a Scope three times, ended by success, failure and interruption: each has to release
 * everything that it made, and has to have made something. What fails within `acquire` fails the check.
 */
export const checkEveryExit = <A, E, R>(
  acquire: Effect.Effect<A, E, R>
): Effect.Effect<void, E, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    yield* check(Effect.scoped(holding(acquire)))
    const failed = yield* Effect.exit(check(Effect.scoped(Effect.andThen(acquire, Effect.fail("stop")))))
    assert.deepStrictEqual(failed, Exit.fail("stop"))
    const interrupted = yield* Effect.exit(check(Effect.scoped(Effect.andThen(acquire, Effect.interrupt))))
    assert.isTrue(Exit.isFailure(interrupted) && Cause.hasInterruptsOnly(interrupted.cause))
  })

/** Asserts that there is something to release: what holds no tensor releases all of them. */
const holding = <A, E, R>(acquire: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const before = tf.memory().numTensors
    const result = yield* acquire
    assert.isAbove(tf.memory().numTensors, before, "tensors held while the Scope is open")
    return result
  })
