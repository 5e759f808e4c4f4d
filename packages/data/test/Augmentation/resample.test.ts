import { assert, describe, it, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { cropAndFlip } from "@moco/data/Augmentation/Crop"
import { rememberedSides, resample, sideTaps } from "@moco/data/Augmentation/resample"
import { identity } from "@moco/data/AugmentationPlan"
import type { Image } from "@moco/data/ImageSource"
import { toTensor } from "@moco/data/ImageTensors"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { assertClose } from "../assertClose.ts"
import { anyBox, anyImage } from "./images.ts"

const whole = ({ height, width }: Image, flip = false) => ({ ...identity(height, width), flip })
const row = (...pixels: ReadonlyArray<number>): Image => ({
  height: 1,
  width: pixels.length,
  pixels_HWC: Uint8Array.from(pixels, (value) => 255 * value)
})
/** Two roundings to float32 of values up to 1. */
const tolerance = 2e-7

const anyCrop = fc.constantFrom(1, 3, 4).chain((channels) =>
  anyImage(channels).chain((image) =>
    fc.record({
      image: fc.constant(image),
      channels: fc.constant(channels),
      crop: anyBox(image),
      flip: fc.boolean(),
      output: fc.record({
        height: fc.integer({ min: 1, max: 12 }),
        width: fc.integer({ min: 1, max: 12 })
      })
    })
  )
)

describe("resample", () => {
  it("stretches the box to the whole image, repeats the edge of the box, and mirrors", () => {
    const image = { height: 1, width: 4, pixels_HWC: Uint8Array.of(128, 0, 255, 128) }
    const crop = { top: 0, left: 1, height: 1, width: 2 }
    const cropped = (flip: boolean) => resample(image, 1, { crop, flip }, { height: 1, width: 4 })
    assertClose(cropped(false), [0, 0.25, 0.75, 1], 0)
    assertClose(cropped(true), [1, 0.75, 0.25, 0], 0)
  })

  it("averages what a smaller size leaves no room for, by a triangle", () => {
    const to = (width: number, ...pixels: ReadonlyArray<number>) =>
      resample(row(...pixels), 1, whole(row(...pixels)), { height: 1, width })
    // By hand: weights 3/4, 3/4, 1/4 of a triangle two pixels wide, over their sum; the same from the other side.
    assertClose(to(2, 0, 0.2, 0.4, 1), [1 / 7, 4.4 / 7], tolerance)
    // A triangle of three pixels' width, cut off at the ends of the image: 2/3, 1, 2/3 and 1/3 over their sum.
    assertClose(to(2, 1, 0, 0, 0, 0, 0), [2 / 8, 0], tolerance)
  })

  it("always leaves an image of the output's size as it is, to the bit, and mirrors it exactly", () => {
    fc.assert(
      fc.property(anyImage(3), (image) => {
        const { height, pixels_HWC, width } = image
        const original = Array.from(pixels_HWC, (value) => Math.fround(value / 255))
        assertClose(resample(image, 3, whole(image), image), original, 0)
        const mirrored = resample(image, 3, whole(image, true), image)
        const back = Array.from(mirrored, (_, at) => {
          const [pixel, channel] = [Math.floor(at / 3), at % 3]
          const [y, x] = [Math.floor(pixel / width), pixel % width]
          return mirrored[(y * width + width - 1 - x) * 3 + channel]!
        })
        assert.strictEqual(mirrored.length, height * width * 3)
        assertClose(back, original, 0)
      })
    )
  })

  it("never leaves the range of the image, and keeps a flat one flat", () => {
    fc.assert(
      fc.property(anyCrop, ({ channels, crop, flip, image, output }) => {
        const values = resample(image, channels, { crop, flip }, output)
        const [least, most] = [Math.min(...image.pixels_HWC) / 255, Math.max(...image.pixels_HWC) / 255]
        assert.isAtLeast(Math.min(...values), least - tolerance)
        assert.isAtMost(Math.max(...values), most + tolerance)
        const gray = { ...image, pixels_HWC: image.pixels_HWC.map(() => 128) }
        const flat = resample(gray, channels, { crop, flip }, output)
        assertClose(flat, Array(flat.length).fill(128 / 255), tolerance)
      })
    )
  })

  it("is the same where sides are remembered, and works each out once", () => {
    const sidesOf = rememberedSides()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (length, outputs) => {
        assert.deepStrictEqual(sidesOf(length, outputs), sideTaps(length, outputs))
        assert.strictEqual(sidesOf(length, outputs), sidesOf(length, outputs))
      })
    )
  })
})

layer(Backend.layerCpu)("resample beside cropAndFlip", (it) => {
  it.effect("always makes of an image on the host what is made of it as a tensor", () =>
    Effect.sync(() =>
      fc.assert(
        fc.property(anyCrop, ({ channels, crop, flip, image, output }) => {
          const plan = { ...whole(image), crop, flip }
          const expected = tf.tidy(() => [
            ...cropAndFlip(toTensor([image], channels), [plan], output).dataSync()
          ])
          // Weights, values and sums of the tensors are each rounded to float32.
          assertClose(resample(image, channels, { crop, flip }, output), expected, 1e-6)
        })
      )
    )
  )
})
