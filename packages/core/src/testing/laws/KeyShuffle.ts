// biome-ignore-all lint/correctness/noUndeclaredDependencies: for tests only, whose tools belong to the root
import { assert, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import { KeyShuffle } from "../../KeyShuffle.ts"
import * as Property from "../Property.ts"

/** A way to order the keys. */
export interface KeyShuffleVariant {
  readonly name: string
  readonly layer: Layer.Layer<KeyShuffle>
}

const batch = fc.record({
  numViews: fc.integer({ min: 1, max: 40 }),
  key: fc.record({ step: fc.nat(), direction: fc.nat({ max: 1 }) })
})

/** View n is the number n. */
const numbered = (numViews: number): tf.Tensor4D => tf.reshape(tf.range(0, numViews), [numViews, 1, 1, 1])

/** What every {@link KeyShuffle} has to obey. */
export const keyShuffleLaws = ({ layer: variant, name }: KeyShuffleVariant): void =>
  layer(Backend.layerTensorflow({ threads: 2 }))(`KeyShuffle, ${name}`, (it) => {
    it.effect("always returns the keys in the order of the views, each encoded once", () =>
      Property.check(batch, ({ key, numViews }) =>
        Effect.gen(function* () {
          const { encode } = yield* KeyShuffle
          tf.tidy(() => {
            let seen: ReadonlyArray<number> = []
            const keys = encode(numbered(numViews), key, (view_NHWC) => {
              seen = [...view_NHWC.dataSync()]
              return tf.mul(tf.reshape(view_NHWC, [-1, 1]), 2)
            })
            const inOrder = Array.from({ length: numViews }, (_, n) => n)
            assert.deepStrictEqual(
              [...keys.dataSync()],
              inOrder.map((n) => 2 * n)
            )
            assert.deepStrictEqual(
              [...seen].sort((a, b) => a - b),
              inOrder
            )
          })
        }).pipe(Effect.provide(variant))
      )
    )

    it.effect("always shows the encoder the same order for the same step and direction", () =>
      Property.check(batch, ({ key, numViews }) =>
        Effect.gen(function* () {
          const { encode } = yield* KeyShuffle
          const orderSeen = () =>
            tf.tidy(() => {
              let seen: ReadonlyArray<number> = []
              encode(numbered(numViews), key, (view_NHWC) => {
                seen = [...view_NHWC.dataSync()]
                return tf.reshape(view_NHWC, [-1, 1])
              })
              return seen
            })
          assert.deepStrictEqual(orderSeen(), orderSeen())
        }).pipe(Effect.provide(variant))
      )
    )

    it.effect("never keeps a tensor but the keys", () =>
      Property.check(batch, ({ key, numViews }) =>
        Effect.gen(function* () {
          const { encode } = yield* KeyShuffle
          const view_NHWC = tf.tidy(() => numbered(numViews))
          const before = tf.memory().numTensors
          const keys = encode(view_NHWC, key, (shuffled) => tf.reshape(shuffled, [-1, 1]))
          assert.strictEqual(tf.memory().numTensors, before + 1)
          tf.dispose([keys, view_NHWC])
        }).pipe(Effect.provide(variant))
      )
    )
  })
