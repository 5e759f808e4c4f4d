import { assert, describe, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { type ImageSet, slice, toTensor } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"

/** Image i holds i everywhere, so that every pixel says where it comes from. */
const numbered = (numImages: number): ImageSet => ({
  pixels_NHWC: Uint8Array.from({ length: numImages * 6 }, (_, offset) => Math.floor(offset / 6)),
  labels: Uint8Array.from({ length: numImages }, (_, index) => index),
  numImages,
  height: 3,
  width: 2,
  channels: 1
})

layer(Backend.layerCpu)("Dataset", (it) => {
  describe("slice", () => {
    it("always gives the images of the range and shares their memory", () => {
      fc.assert(
        fc.property(
          fc.nat(9),
          fc.integer({ min: -12, max: 12 }),
          fc.integer({ min: -12, max: 12 }),
          (n, a, b) => {
            const set = numbered(n)
            const part = slice(set, a, b)
            const expected = [...set.labels].slice(a, b)
            assert.strictEqual(part.numImages, expected.length)
            assert.deepStrictEqual([...part.labels], expected)
            assert.deepStrictEqual(
              [...part.pixels_NHWC],
              expected.flatMap((label) => Array(6).fill(label))
            )
            assert.strictEqual(part.pixels_NHWC.buffer, set.pixels_NHWC.buffer)
          }
        )
      )
    })

    it("can be sliced again", () => {
      assert.deepStrictEqual([...slice(slice(numbered(9), 3, 8), 1, 3).labels], [4, 5])
    })
  })

  describe("toTensor", () => {
    it.effect("gathers images in the order asked for, as float32 in 0..1", () =>
      Effect.sync(() => {
        const set = {
          ...numbered(3),
          pixels_NHWC: Uint8Array.from({ length: 18 }, (_, offset) => offset * 15)
        }
        tf.tidy(() => {
          const image_NHWC = toTensor(set, Int32Array.of(2, 0))
          assert.deepStrictEqual(image_NHWC.shape, [2, 3, 2, 1])
          const bytes = [...set.pixels_NHWC.subarray(12), ...set.pixels_NHWC.subarray(0, 6)]
          assert.deepStrictEqual(
            [...image_NHWC.dataSync()],
            bytes.map((byte) => Math.fround(byte / 255))
          )
          assert.strictEqual(toTensor(set).shape[0], 3)
        })
      })
    )

    it.effect("refuses an image that the set does not have", () =>
      Effect.sync(() => {
        assert.throws(
          () => toTensor(numbered(3), Int32Array.of(3)),
          "image 3 was asked for; the set has 3 images"
        )
        assert.throws(() => toTensor(numbered(3), Int32Array.of(-1)), "image -1 was asked for")
      })
    )
  })
})
