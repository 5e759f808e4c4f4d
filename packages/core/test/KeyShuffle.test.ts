import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { keyShuffleLaws } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"

const variants = [
  ["layer", KeyShuffle.layer(1)],
  ["layerNone", KeyShuffle.layerNone],
  ["layerPlain", KeyShuffle.layerPlain],
  [
    "layerOrder",
    KeyShuffle.layerOrder((_, size) => Int32Array.from({ length: size }, (_, i) => size - 1 - i))
  ]
] as const

for (const [name, layer] of variants) describe(`KeyShuffle ${name}`, () => keyShuffleLaws(layer))

const tensorflow = Backend.layerTensorflow({ threads: 2 })

/** The order in which the encoder sees a batch of ten. */
const orderAt = (seed: number, step: number, direction: number) =>
  Effect.gen(function* () {
    yield* Backend
    const { encode } = yield* KeyShuffle
    return tf.tidy(() => {
      let seen: Array<number> = []
      encode(
        tf.tensor4d(
          Array.from({ length: 10 }, (_, i) => i),
          [10, 1, 1, 1]
        ),
        { step, direction },
        (view_NHWC) => {
          seen = Array.from(view_NHWC.dataSync())
          return tf.reshape(view_NHWC, [10, 1])
        }
      )
      return seen
    })
  }).pipe(Effect.provide(Layer.merge(KeyShuffle.layer(seed), tensorflow)))

/** Largest difference that shuffling makes to a key, with batch norm in `batchNormGroups` groups. */
const effectOfShuffling = (batchNormGroups: number) =>
  Effect.gen(function* () {
    yield* Backend
    const { encode } = yield* KeyShuffle
    return tf.tidy(() => {
      const network = ResNet.make(
        {
          block: "basic",
          layers: [1],
          width: 4,
          stem: "cifar",
          head: "linear",
          featureSize: 8,
          batchNormGroups
        },
        1
      )
      const weights = network.init(1)
      const random = CounterRandom.make(2, CounterRandom.Purpose.synthetic)
      const views = tf.tensor4d(CounterRandom.normals(random, 12 * 36), [12, 6, 6, 1])
      const encoder = (view_NHWC: tf.Tensor4D) =>
        network.train(weights, view_NHWC, (tensor) => tensor).feature_ND
      const difference = tf.sub(encode(views, { step: 3, direction: 0 }, encoder), encoder(views))
      return tf.max(tf.abs(difference)).dataSync()[0]!
    })
  }).pipe(Effect.provide(Layer.merge(KeyShuffle.layer(1), tensorflow)))

describe("KeyShuffle", () => {
  it.effect("draws the same order at the same place and other orders elsewhere", () =>
    Effect.gen(function* () {
      const here = yield* orderAt(1, 5, 0)
      assert.deepStrictEqual(yield* orderAt(1, 5, 0), here)
      for (const elsewhere of [yield* orderAt(2, 5, 0), yield* orderAt(1, 6, 0), yield* orderAt(1, 5, 1)]) {
        assert.notDeepEqual(elsewhere, here)
      }
    })
  )

  it.effect("changes no key on one device with ordinary batch norm", () =>
    Effect.gen(function* () {
      // The same sums in another order: float32 rounding only.
      assert.isAtMost(yield* effectOfShuffling(1), 1e-5)
    })
  )

  it.effect("changes keys when batch norm is split", () =>
    Effect.gen(function* () {
      assert.isAbove(yield* effectOfShuffling(3), 1e-2)
    })
  )
})
