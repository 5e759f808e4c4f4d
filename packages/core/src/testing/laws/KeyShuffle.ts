import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import { KeyShuffle } from "../../KeyShuffle.ts"
import type { StageInvalid } from "../../Stage.ts"
import * as TensorLeak from "../TensorLeak.ts"

/** Views of one pixel each, whose value is their place in the batch. */
const numbered = (size: number) =>
  tf.tensor4d(
    Float32Array.from({ length: size }, (_, i) => i),
    [size, 1, 1, 1]
  )

const flatten = (view_NHWC: tf.Tensor4D) => tf.reshape(view_NHWC, [view_NHWC.shape[0], 1]) as tf.Tensor2D

/** What every way of shuffling has in common; a variant joins by one line. */
export const keyShuffleLaws = (variant: Layer.Layer<KeyShuffle, StageInvalid>) => {
  it.effect("always gives the keys back in the order of the views, and encodes each view once", () =>
    Effect.gen(function* () {
      yield* Backend
      const { encode } = yield* KeyShuffle
      const place = fc.record({ step: fc.nat(1e6), direction: fc.constantFrom(0, 1) })
      yield* TensorLeak.check(
        Effect.sync(() =>
          fc.assert(
            fc.property(place, fc.integer({ min: 1, max: 40 }), (key, size) => {
              tf.tidy(() => {
                let seen: Array<number> = []
                const keys_ND = encode(numbered(size), key, (view_NHWC) => {
                  seen = Array.from(view_NHWC.dataSync())
                  return tf.mul(flatten(view_NHWC), 10) as tf.Tensor2D
                })
                const inOrder = Array.from({ length: size }, (_, i) => i)
                assert.deepStrictEqual(
                  Array.from(keys_ND.dataSync()),
                  inOrder.map((i) => 10 * i)
                )
                assert.sameMembers(seen, inOrder)
              })
            })
          )
        )
      )
    }).pipe(Effect.provide(Layer.provideMerge(variant, Backend.layerTensorflow({ threads: 2 }))))
  )
}
