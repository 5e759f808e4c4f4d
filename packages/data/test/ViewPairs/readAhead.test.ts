import { assert, describe, it } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import { readAhead } from "@moco/data/ViewPairs/readAhead"
import { Cause, Effect, Exit, Fiber } from "effect"
import fc from "fast-check"

/** Lets everything run that can. */
const settle = Effect.forEach(Array.from({ length: 50 }), () => Effect.yieldNow, { discard: true })

/** Readings that take turns, and tell what they are up to. */
const readings = (turnsOf: (step: number) => number, failsAt: ReadonlySet<number> = new Set()) => {
  const log = { begun: [] as number[], ended: [] as number[], interrupted: [] as number[] }
  const read = (step: number) =>
    Effect.gen(function* () {
      log.begun.push(step)
      for (let turn = turnsOf(step); turn > 0; turn--) yield* Effect.yieldNow
      if (failsAt.has(step)) return yield* Effect.fail(`no ${step}`)
      return `images of ${step}`
    }).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          log.ended.push(step)
          if (Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)) log.interrupted.push(step)
        })
      )
    )
  return { log, read }
}

const anyDepth = fc.nat(4)
const anySteps = fc.array(fc.nat(12), { minLength: 1, maxLength: 12 })
const anyTurns = fc.array(fc.nat(6), { minLength: 1, maxLength: 5 })

describe("readAhead", () => {
  it.effect(
    "always gives what is read for the step asked for, or fails as it does, whatever runs ahead",
    () =>
      Property.check(
        fc.tuple(anyDepth, anySteps, anyTurns, fc.array(fc.nat(12), { maxLength: 4 })),
        ([depth, steps, turns, failing]) =>
          Effect.gen(function* () {
            const failsAt = new Set(failing)
            const { read } = readings((step) => turns[step % turns.length]!, failsAt)
            const take = yield* readAhead(read, depth)
            for (const step of steps) {
              const expected = failsAt.has(step) ? Exit.fail(`no ${step}`) : Exit.succeed(`images of ${step}`)
              assert.deepStrictEqual(yield* Effect.exit(take(step)), expected)
            }
          })
      )
  )

  it.effect("always gives each of several callers what it has asked for, though they ask at once", () =>
    Property.check(fc.tuple(anyDepth, anySteps, anyTurns), ([depth, steps, turns]) =>
      Effect.gen(function* () {
        const { read } = readings((step) => turns[step % turns.length]!)
        const take = yield* readAhead(read, depth)
        const taken = yield* Effect.forEach(steps, take, { concurrency: "unbounded" })
        assert.deepStrictEqual(
          taken,
          steps.map((step) => `images of ${step}`)
        )
      })
    )
  )

  it.effect("reads the next steps while nobody asks, each once", () =>
    Effect.gen(function* () {
      const { log, read } = readings(() => 2)
      const take = yield* readAhead(read, 2)
      yield* take(0)
      yield* settle
      assert.deepStrictEqual(log.ended.toSorted(), [0, 1, 2])
      yield* take(1)
      yield* settle
      assert.deepStrictEqual(log.begun.toSorted(), [0, 1, 2, 3])
    })
  )

  it.effect("reads nothing ahead at depth 0", () =>
    Effect.gen(function* () {
      const { log, read } = readings(() => 0)
      const take = yield* readAhead(read, 0)
      yield* take(3)
      yield* settle
      assert.deepStrictEqual(log.begun, [3])
    })
  )

  it.effect("gives up what is not among the next steps any more", () =>
    Effect.gen(function* () {
      const { log, read } = readings((step) => (step === 0 ? 5 : 1e6))
      const take = yield* readAhead(read, 2)
      yield* take(0)
      const jump = yield* Effect.forkChild(take(7))
      yield* settle
      assert.deepStrictEqual(log.interrupted, [1, 2])
      yield* Fiber.interrupt(jump)
    })
  )

  it.effect("ends every reading with its Scope, and with whoever waits for it", () =>
    Effect.gen(function* () {
      const { log, read } = readings((step) => (step === 0 ? 0 : 1e6))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const take = yield* readAhead(read, 3)
          yield* take(0)
          yield* settle
          const waiting = yield* Effect.forkChild(take(1))
          yield* settle
          yield* Fiber.interrupt(waiting)
          assert.deepStrictEqual(log.interrupted, [1])
        })
      )
      assert.deepStrictEqual(log.begun.toSorted(), [0, 1, 2, 3, 4])
      assert.deepStrictEqual(log.interrupted.toSorted(), [1, 2, 3, 4])
      assert.strictEqual(log.ended.length, log.begun.length)
    })
  )

  it.effect("reads again what has failed before", () =>
    Effect.gen(function* () {
      const failsAt = new Set([1])
      const { read } = readings(() => 0, failsAt)
      const take = yield* readAhead(read, 1)
      yield* take(0)
      yield* settle
      assert.deepStrictEqual(yield* Effect.exit(take(1)), Exit.fail("no 1"))
      failsAt.delete(1)
      assert.strictEqual(yield* take(1), "images of 1")
    })
  )
})
