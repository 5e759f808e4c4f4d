import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import type { StageInvalid } from "@moco/core/Stage"
import { momentumUpdateLaws } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"

const variants = [
  ["ema(0.999)", MomentumUpdate.layerEma(0.999)],
  ["ema(0.5)", MomentumUpdate.layerEma(0.5)],
  ["ema(0)", MomentumUpdate.layerEma(0)],
  ["ema(1)", MomentumUpdate.layerEma(1)],
  ["copy", MomentumUpdate.layerCopy],
  ["frozen", MomentumUpdate.layerFrozen],
  ["cosine", MomentumUpdate.layerCosine({ from: 0.9, numSteps: 500 })]
] as const

for (const [name, layer] of variants) describe(`MomentumUpdate ${name}`, () => momentumUpdateLaws(layer))

/** `key` after `numUpdates` towards a query encoder that stands still. */
const after = (m: number, key: number, query: number, numUpdates: number) =>
  Effect.gen(function* () {
    yield* Backend
    const { next } = yield* MomentumUpdate
    return tf.tidy(() => {
      let moving: { p: tf.Tensor } = { p: tf.scalar(key) }
      for (let i = 0; i < numUpdates; i++) moving = next(moving, { p: tf.scalar(query) }, i) as typeof moving
      return moving.p.dataSync()[0]!
    })
  }).pipe(Effect.provide(Layer.merge(MomentumUpdate.layerEma(m), Backend.layerTensorflow({ threads: 2 }))))

describe("MomentumUpdate", () => {
  it.effect("copies the query encoder when m = 0 and never moves when m = 1", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(0, 5, -2.5, 1), -2.5)
      assert.strictEqual(yield* after(1, 5, -2.5, 3), 5)
    })
  )

  it.effect("moves by 0.001 of the gap when m = 0.999: the factor m belongs to the key encoder", () =>
    Effect.gen(function* () {
      // With the factors the wrong way round it would be 0.999.
      assert.closeTo(yield* after(0.999, 0, 1, 1), 0.001, 1e-7)
    })
  )

  it.effect("copies and freezes exactly, as m = 0 and m = 1 do", () =>
    Effect.gen(function* () {
      yield* Backend
      const key = { p: tf.tensor1d([0.1, -7]) }
      const query = { p: tf.tensor1d([0.3, 5]) }
      const moved = (layer: Layer.Layer<MomentumUpdate, StageInvalid>) =>
        Effect.provide(
          Effect.map(MomentumUpdate, ({ next }) => Array.from(next(key, query, 9)["p"]!.dataSync())),
          layer
        )
      assert.deepStrictEqual(yield* moved(MomentumUpdate.layerCopy), Array.from(query.p.dataSync()))
      assert.deepStrictEqual(yield* moved(MomentumUpdate.layerFrozen), Array.from(key.p.dataSync()))
    }).pipe(Effect.provide(Backend.layerTensorflow({ threads: 2 })))
  )

  it.effect("raises m from its start to 1 by half a cosine", () =>
    Effect.gen(function* () {
      yield* Backend
      const { next } = yield* MomentumUpdate
      // From 0 towards 1 a key parameter moves by 1 - m.
      const m = (step: number) =>
        1 - next({ p: tf.scalar(0) }, { p: tf.scalar(1) }, step)["p"]!.dataSync()[0]!
      assert.closeTo(m(0), 0.9, 1e-6)
      assert.closeTo(m(50), 1 - (0.1 * (Math.SQRT1_2 + 1)) / 2, 1e-6)
      assert.closeTo(m(100), 0.95, 1e-6)
      assert.closeTo(m(200), 1, 1e-6)
    }).pipe(
      Effect.provide(
        Layer.provideMerge(
          MomentumUpdate.layerCosine({ from: 0.9, numSteps: 200 }),
          Backend.layerTensorflow({ threads: 2 })
        )
      )
    )
  )

  it.effect("always closes the gap by m^n in n updates", () =>
    Effect.gen(function* () {
      const number = fc.double({ min: -10, max: 10, noNaN: true })
      const m = fc.double({ min: 0, max: 1, noNaN: true })
      const run = yield* Effect.context<never>()
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(m, number, number, fc.integer({ min: 0, max: 40 }), async (m, key, query, n) => {
            const actual = await Effect.runPromiseWith(run)(after(m, key, query, n))
            // n float32 updates, each within 1e-7 of numbers up to 10.
            assert.closeTo(actual, query + m ** n * (key - query), 1e-6 * (n + 1) * 10)
          })
        )
      )
    })
  )
})
