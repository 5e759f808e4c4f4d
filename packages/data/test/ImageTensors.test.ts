import { assert, describe, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import type { Image, Images } from "@moco/data/ImageSource"
import { inOrder, toGroups, toTensor } from "@moco/data/ImageTensors"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"

const image = (height: number, width: number, ...pixels: ReadonlyArray<number>): Image => ({
  height,
  width,
  pixels_HWC: Uint8Array.from(pixels)
})

/** Gray images of a pixel or two, each side at a time: three sizes. */
const anyImages: fc.Arbitrary<Images> = fc.array(
  fc
    .tuple(fc.constantFrom([1, 1], [1, 2], [2, 1]), fc.nat(255))
    .map(([[height, width], value]) =>
      image(height!, width!, ...Array<number>(height! * width!).fill(value))
    ),
  { minLength: 1, maxLength: 12 }
)

layer(Backend.layerCpu)("ImageTensors", (it) => {
  describe("toTensor", () => {
    it.effect("is float32 in 0..1, image after image", () =>
      Effect.sync(() =>
        tf.tidy(() => {
          const image_NHWC = toTensor([image(3, 2, 255, 0, 15, 30, 45, 60), image(3, 2, 1, 2, 3, 4, 5, 6)], 1)
          assert.deepStrictEqual(image_NHWC.shape, [2, 3, 2, 1])
          const bytes = [255, 0, 15, 30, 45, 60, 1, 2, 3, 4, 5, 6]
          assert.deepStrictEqual(
            [...image_NHWC.dataSync()],
            bytes.map((byte) => Math.fround(byte / 255))
          )
        })
      )
    )

    it.effect("refuses an image of another size than the first", () =>
      Effect.sync(() => {
        const images = [image(1, 2, 0, 0), image(2, 1, 0, 0)]
        assert.throws(() => toTensor(images, 1), "an image of 2 x 1 among those of 1 x 2")
      })
    )
  })

  describe("toGroups", () => {
    it.effect(
      "always has every image once, with those of its size, and inOrder puts all where they were",
      () =>
        Effect.sync(() =>
          fc.assert(
            fc.property(anyImages, (images) => {
              const before = tf.memory().numTensors
              tf.tidy(() => {
                const groups = toGroups(images, 1)
                for (const { image_NHWC, rows } of groups) {
                  for (const row of rows) {
                    const { height, width } = images[row]!
                    assert.deepStrictEqual(image_NHWC.shape.slice(1), [height, width, 1])
                  }
                }
                assert.sameMembers(
                  groups.flatMap(({ rows }) => rows),
                  images.map((_, row) => row)
                )
                const first_NHWC = inOrder(groups, ({ image_NHWC, rows }) =>
                  tf.slice(image_NHWC, [0, 0, 0, 0], [rows.length, 1, 1, 1])
                )
                assert.deepStrictEqual(
                  [...first_NHWC.dataSync()],
                  images.map(({ pixels_HWC }) => Math.fround(pixels_HWC[0]! / 255))
                )
              })
              assert.strictEqual(tf.memory().numTensors, before)
            })
          )
        )
    )

    it.effect("is one group where all are of one size, and inOrder then gives its tensor itself", () =>
      Effect.sync(() =>
        tf.tidy(() => {
          const groups = toGroups([image(1, 1, 9), image(1, 1, 8)], 1)
          assert.strictEqual(groups.length, 1)
          assert.strictEqual(
            inOrder(groups, ({ image_NHWC }) => image_NHWC),
            groups[0]!.image_NHWC
          )
        })
      )
    )
  })
})
