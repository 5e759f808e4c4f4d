import { assert, describe, it } from "@effect/vitest"
import { measureBlocks } from "@moco/train/Bench/blocks"
import { LoadMeter, type LoadReading } from "@moco/train/Bench/LoadMeter"
import type { StepTimes } from "@moco/train/StageTimes"
import { Effect } from "effect"
import { TestClock } from "effect/testing"

const stages = { views: 0, keys: 0, gradient: 0, optimizer: 0, diagnostics: 0, settle: 0, check: 0 }

/** Steps of 100 ms, told apart by their number. */
const counted = () => {
  let numTaken = 0
  const takeStep = Effect.map(TestClock.adjust(100), (): StepTimes => ({ step: numTaken++, stages, rest: 0 }))
  return { takeStep, numTaken: () => numTaken }
}

/** A meter by which others used `shares` of the machine, one block after the other, and then the last for good. */
const meterOf = (shares: ReadonlyArray<number>): LoadMeter["Service"] => {
  let reading: LoadReading = { total: 0, busy: 0, own: 0 }
  let numReads = 0
  return {
    read: Effect.sync(() => {
      // Two readings a block, 1000 ticks between them.
      if (numReads % 2 === 1) {
        const share = shares[Math.min((numReads - 1) / 2, shares.length - 1)]!
        reading = {
          total: reading.total + 1000,
          busy: reading.busy + 300 + 1000 * share,
          own: reading.own + 300
        }
      }
      numReads++
      return reading
    })
  }
}

const measured = (shares: ReadonlyArray<number>, numSteps = 4) =>
  Effect.gen(function* () {
    const { numTaken, takeStep } = counted()
    const settings = { numSteps, blockSeconds: 0.15, threshold: 0.1, maxTries: 3 }
    const blocks = yield* measureBlocks(takeStep, settings).pipe(
      Effect.provideService(LoadMeter, meterOf(shares))
    )
    return {
      steps: blocks.map((block) => block.steps.map(({ step }) => step)),
      spoiled: blocks.map(({ isSpoiled }) => isSpoiled),
      others: blocks.map(({ usage }) => usage?.others),
      numTaken: numTaken()
    }
  })

describe("measureBlocks", () => {
  it.effect(
    "measures every step once where nobody else uses the machine, in blocks that end by their time",
    () =>
      Effect.gen(function* () {
        const { numTaken, spoiled, steps } = yield* measured([0, 0.05], 5)
        assert.deepStrictEqual(steps, [[0, 1], [2, 3], [4]])
        assert.deepStrictEqual(spoiled, [false, false, false])
        assert.strictEqual(numTaken, 5)
      })
  )

  it.effect("measures a block again that others have spoiled, and keeps the one that is not", () =>
    Effect.gen(function* () {
      const { numTaken, others, spoiled, steps } = yield* measured([0.5, 0.02, 0.3, 0.3, 0])
      assert.deepStrictEqual(steps, [
        [2, 3],
        [8, 9]
      ])
      assert.deepStrictEqual(spoiled, [false, false])
      assert.deepStrictEqual(others, [20, 0])
      assert.strictEqual(numTaken, 10)
    })
  )

  it.effect("gives up after a few tries: the least spoiled counts, and says that it is", () =>
    Effect.gen(function* () {
      const { numTaken, others, spoiled, steps } = yield* measured([0.5, 0.2, 0.4, 0, 0])
      assert.deepStrictEqual(steps, [
        [2, 3],
        [6, 7]
      ])
      assert.deepStrictEqual(spoiled, [true, false])
      assert.deepStrictEqual(others, [200, 0])
      assert.strictEqual(numTaken, 8)
    })
  )

  it.effect("measures once where it is not known what others do", () =>
    Effect.gen(function* () {
      const { numTaken, takeStep } = counted()
      const settings = { numSteps: 3, blockSeconds: 9, threshold: 0.1, maxTries: 3 }
      const blocks = yield* measureBlocks(takeStep, settings).pipe(
        Effect.provideService(LoadMeter, { read: Effect.sync(() => undefined) })
      )
      assert.strictEqual(numTaken(), 3)
      assert.deepInclude(blocks[0], { usage: undefined, isSpoiled: false })
    })
  )
})
