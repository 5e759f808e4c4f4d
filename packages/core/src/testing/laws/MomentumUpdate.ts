import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import { MomentumUpdate } from "../../MomentumUpdate.ts"
import type { StageInvalid } from "../../Stage.ts"
import * as TensorLeak from "../TensorLeak.ts"

const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 9 })

/** What every way of following has in common; a variant joins by one line. */
export const momentumUpdateLaws = (variant: Layer.Layer<MomentumUpdate, StageInvalid>) => {
  const law = (title: string, test: (next: MomentumUpdate["Service"]["next"]) => void) =>
    it.effect(title, () =>
      Effect.gen(function* () {
        yield* Backend
        const { next } = yield* MomentumUpdate
        yield* TensorLeak.check(Effect.sync(() => tf.tidy(() => test(next))))
      }).pipe(Effect.provide(Layer.provideMerge(variant, Backend.layerTensorflow({ threads: 2 }))))
    )

  law("always stays between the two encoders", (next) => {
    fc.assert(
      fc.property(values, values, fc.nat(1000), (a, b, step) => {
        const size = Math.min(a.length, b.length)
        const key = Float32Array.from(a.slice(0, size))
        const query = Float32Array.from(b.slice(0, size))
        const moved = next({ p: tf.tensor1d(key) }, { p: tf.tensor1d(query) }, step)["p"]!.dataSync()
        moved.forEach((value, i) => {
          const [low, high] = [Math.min(key[i]!, query[i]!), Math.max(key[i]!, query[i]!)]
          // Two roundings of float32 at magnitude 100.
          assert.isTrue(value >= low - 2e-5 && value <= high + 2e-5, `${value} is not in ${low}..${high}`)
        })
      })
    )
  })

  law("leaves both encoders as they are and returns tensors of its own", (next) => {
    const key = { p: tf.tensor1d([1, 2]) }
    const query = { p: tf.tensor1d([3, 4]) }
    const moved = next(key, query, 0)
    assert.notStrictEqual(moved["p"], key.p)
    moved["p"]!.dispose()
    assert.deepStrictEqual(Array.from(key.p.dataSync()), [1, 2])
    assert.deepStrictEqual(Array.from(query.p.dataSync()), [3, 4])
  })

  law("rests where both encoders are equal", (next) => {
    const equal = { p: tf.tensor1d([-3, 0.5, 7]) }
    // m and 1 - m are rounded to float32 before they meet.
    next(equal, equal, 3)
      ["p"]!.dataSync()
      .forEach((value, i) => {
        assert.closeTo(value, [-3, 0.5, 7][i]!, 1e-6)
      })
  })

  law("moves every parameter, each by its own name", (next) => {
    const names = { a: tf.tensor1d([1]), b: tf.tensor1d([2]) }
    assert.sameMembers(Object.keys(next(names, { b: tf.tensor1d([2]), a: tf.tensor1d([1]) }, 0)), ["a", "b"])
  })
}
