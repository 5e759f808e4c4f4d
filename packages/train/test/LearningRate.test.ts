import { assert, describe, it } from "@effect/vitest"
import { LearningRate } from "@moco/train/LearningRate"
import { Effect } from "effect"
import fc from "fast-check"

describe("LearningRate", () => {
  it.effect("starts a cosine at the base rate, halves it half way and ends at 0", () =>
    Effect.gen(function* () {
      const { at } = yield* LearningRate
      assert.deepStrictEqual(
        [at(0), at(5), at(10)].map((rate) => Number(rate.toFixed(12))),
        [0.06, 0.03, 0]
      )
    }).pipe(Effect.provide(LearningRate.layerCosine(0.06, 10)))
  )

  it.effect("never rises along a cosine", () =>
    Effect.gen(function* () {
      const { at } = yield* LearningRate
      const epoch = fc.double({ min: 0, max: 10, noNaN: true })
      fc.assert(
        fc.property(epoch, epoch, (a, b) => {
          assert.isAtMost(at(Math.max(a, b)), at(Math.min(a, b)))
        })
      )
    }).pipe(Effect.provide(LearningRate.layerCosine(0.06, 10)))
  )

  it.effect("multiplies by the factor from each milestone on", () =>
    Effect.gen(function* () {
      const { at } = yield* LearningRate
      const rates = [119.99, 120, 159, 160].map((epoch) => Number(at(epoch).toPrecision(12)))
      assert.deepStrictEqual(rates, [0.03, 0.003, 0.003, 0.0003])
    }).pipe(Effect.provide(LearningRate.layerStep(0.03, [120, 160], 0.1)))
  )

  it.effect("stays constant where it is asked to", () =>
    Effect.gen(function* () {
      const { at } = yield* LearningRate
      assert.deepStrictEqual([at(0), at(7.5)], [0.03, 0.03])
    }).pipe(Effect.provide(LearningRate.layerConstant(0.03)))
  )
})
