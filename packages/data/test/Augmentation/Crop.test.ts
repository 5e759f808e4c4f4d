import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { cropAndFlip, drawCrop } from "@moco/data/Augmentation/Crop"
import { type AugmentationPlan, type CropBox, identity } from "@moco/data/AugmentationPlan"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { assertClose } from "../assertClose.ts"

interface Image {
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Height, width, channels; 0..1. */
  readonly values: Float32Array
}

interface Sample {
  readonly image: Image
  readonly crop: CropBox
  readonly flip: boolean
}

/** TensorFlow takes subnormal numbers for zero; no byte / 255 is one. */
const flushed = (value: number) => (value < 2 ** -126 ? 0 : value)

const side = fc.integer({ min: 1, max: 7 })
const boxIn = (height: number, width: number) =>
  fc
    .tuple(fc.integer({ min: 1, max: height }), fc.integer({ min: 1, max: width }))
    .chain(([boxHeight, boxWidth]) =>
      fc.record({
        top: fc.integer({ min: 0, max: height - boxHeight }),
        left: fc.integer({ min: 0, max: width - boxWidth }),
        height: fc.constant(boxHeight),
        width: fc.constant(boxWidth)
      })
    )
const sampleOf = (height: number, width: number, channels: number): fc.Arbitrary<Sample> => {
  const size = height * width * channels
  return fc.record({
    image: fc
      .float32Array({ minLength: size, maxLength: size, min: 0, max: 1, noNaN: true })
      .map((values) => ({ height, width, channels, values: values.map(flushed) })),
    crop: boxIn(height, width),
    flip: fc.boolean()
  })
}
/** Some images of one size, each with a box and a flip. */
const batch = fc
  .tuple(side, side, fc.constantFrom(1, 3), fc.integer({ min: 1, max: 4 }))
  .chain(([height, width, channels, numImages]) =>
    fc.array(sampleOf(height, width, channels), { minLength: numImages, maxLength: numImages })
  )

/** Crop, resize and flip of one pixel, written down from the definition: the reference. */
const naivePixel = ({ crop, flip, image }: Sample, y: number, x: number, channel: number): number => {
  const column = flip ? image.width - 1 - x : x
  const clamp = (value: number, max: number) => Math.min(Math.max(value, 0), max)
  const boxY = clamp(((y + 0.5) * crop.height) / image.height - 0.5, crop.height - 1)
  const boxX = clamp(((column + 0.5) * crop.width) / image.width - 0.5, crop.width - 1)
  const at = (row: number, col: number) => {
    const rowInBox = crop.top + clamp(row, crop.height - 1)
    const colInBox = crop.left + clamp(col, crop.width - 1)
    return image.values[(rowInBox * image.width + colInBox) * image.channels + channel]!
  }
  const [top, left] = [Math.floor(boxY), Math.floor(boxX)]
  const [down, right] = [boxY - top, boxX - left]
  return (
    (1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1)) +
    down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1))
  )
}

const naive = (sample: Sample): ReadonlyArray<number> => {
  const { channels, height, width } = sample.image
  return Array.from({ length: height * width * channels }, (_, offset) => {
    const pixel = Math.floor(offset / channels)
    return naivePixel(sample, Math.floor(pixel / width), pixel % width, offset % channels)
  })
}

const stacked = (images: ReadonlyArray<Image>): tf.Tensor4D => {
  const { channels, height, width } = images[0]!
  const values = Float32Array.from(images.flatMap((image) => [...image.values]))
  return tf.tensor4d(values, [images.length, height, width, channels])
}
const planOf = ({ crop, flip, image }: Sample): AugmentationPlan => ({
  ...identity(image.height, image.width),
  crop,
  flip
})
const cropped = (samples: ReadonlyArray<Sample>): Float32Array =>
  tf.tidy(
    () =>
      cropAndFlip(stacked(samples.map(({ image }) => image)), samples.map(planOf)).dataSync() as Float32Array
  )
/** Three roundings of values up to 1 in float32. */
const tolerance = 1e-6

const row = (...values: ReadonlyArray<number>): Image => ({
  height: 1,
  width: values.length,
  channels: 1,
  values: Float32Array.from(values)
})

for (const [name, backend] of [
  ["cpu", Backend.layerCpu],
  ["tensorflow", Backend.layerTensorflow()]
] as const) {
  layer(backend)(`Augmentation/Crop on ${name}`, (it) => {
    it.effect("stretches the box to the whole image and repeats the edge of the box", () =>
      Effect.sync(() => {
        const image = row(0.5, 0, 1, 0.5)
        const crop = { top: 0, left: 1, height: 1, width: 2 }
        assertClose(cropped([{ image, crop, flip: false }]), [0, 0.25, 0.75, 1], 0)
        assertClose(cropped([{ image, crop, flip: true }]), [1, 0.75, 0.25, 0], 0)
      })
    )

    it.effect("stretches the box to another size, and averages what a smaller one leaves no room for", () =>
      Effect.sync(() => {
        const to = (width: number, ...pixels: ReadonlyArray<number>) =>
          tf.tidy(() => {
            const image_NHWC = tf.tensor4d([...pixels], [1, 1, pixels.length, 1])
            const plan = identity(1, pixels.length)
            return cropAndFlip(image_NHWC, [plan], { height: 1, width }).dataSync()
          })
        assertClose(to(4, 0, 1), [0, 0.25, 0.75, 1], 0)
        // By hand: weights 3/4, 3/4, 1/4 of a triangle two pixels wide, over their sum; the same from the other side.
        assertClose(to(2, 0, 0.25, 0.5, 1), [1.25 / 7, (0.25 + 3 * 0.5 + 3) / 7], tolerance)
        // A triangle of three pixels' width, cut off at the ends of the image: 2/3, 1, 2/3 and 1/3 over their sum.
        assertClose(to(2, 1, 0, 0, 0, 0, 0), [2 / 8, 0], tolerance)
      })
    )

    it.effect("always leaves a flat image flat where it is made smaller", () =>
      Effect.sync(() =>
        fc.assert(
          fc.property(side, side, fc.integer({ min: 1, max: 9 }), (height, width, factor) => {
            const flat = tf.tidy(() => {
              const image_NHWC = tf.fill([1, factor * height, factor * width, 1], 0.5) as tf.Tensor4D
              const plan = identity(factor * height, factor * width)
              return cropAndFlip(image_NHWC, [plan], { height, width }).dataSync()
            })
            assertClose(flat, Array(height * width).fill(0.5), tolerance)
          })
        )
      )
    )

    it.effect("always equals the per-pixel definition", () =>
      Effect.sync(() =>
        fc.assert(
          fc.property(batch, (samples) => {
            assertClose(cropped(samples), samples.flatMap(naive), tolerance)
          })
        )
      )
    )

    it.effect("always changes nothing when the box is the image, and mirrors exactly", () =>
      Effect.sync(() =>
        fc.assert(
          fc.property(batch, (samples) => {
            const { height, width } = samples[0]!.image
            const whole = { top: 0, left: 0, height, width }
            const plain = samples.map(({ image }) => ({ image, crop: whole, flip: false }))
            const original = samples.flatMap(({ image }) => [...image.values])
            assertClose(cropped(plain), original, 0)
            // Beside another plan: where all are whole, the images are not computed at all.
            const mixed = cropped([...plain, { ...plain[0]!, flip: true }])
            assertClose(mixed.slice(0, original.length), original, 0)
            const once = plain.map((sample) => {
              const values = Float32Array.from(naive({ ...sample, flip: true }))
              return { ...sample, image: { ...sample.image, values } }
            })
            assertClose(
              cropped(plain.map((sample) => ({ ...sample, flip: true }))),
              once.flatMap(({ image }) => [...image.values]),
              0
            )
            assertClose(cropped(once.map((sample) => ({ ...sample, flip: true }))), original, 0)
          })
        )
      )
    )

    it.effect("never leaves the range of the image, and releases what it allocates", () =>
      Effect.sync(() =>
        fc.assert(
          fc.property(batch, (samples) => {
            const before = tf.memory().numTensors
            const values = samples.flatMap(({ image }) => [...image.values])
            const view = cropped(samples)
            assert.isAtLeast(Math.min(...view), Math.min(...values) - tolerance)
            assert.isAtMost(Math.max(...view), Math.max(...values) + tolerance)
            assert.strictEqual(tf.memory().numTensors, before)
          })
        )
      )
    )
  })
}

layer(Backend.layerCpu)("Augmentation/Crop drawCrop", (it) => {
  const random = (index: number) => CounterRandom.make(1, CounterRandom.Purpose.augmentation, 0, index)
  const interval = (min: number, max: number) =>
    fc
      .tuple(fc.double({ min, max, noNaN: true }), fc.double({ min, max, noNaN: true }))
      .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }))

  it("always draws a box of at least a pixel inside the image", () => {
    const anySide = fc.integer({ min: 1, max: 300 })
    fc.assert(
      fc.property(
        interval(1e-6, 1),
        interval(0.01, 100),
        anySide,
        anySide,
        fc.nat(),
        (scale, ratio, height, width, index) => {
          const box = drawCrop(random(index), scale, ratio, height, width)
          assert.isTrue(Object.values(box).every(Number.isInteger))
          assert.isTrue(box.height >= 1 && box.width >= 1 && box.top >= 0 && box.left >= 0)
          assert.isAtMost(box.top + box.height, height)
          assert.isAtMost(box.left + box.width, width)
        }
      )
    )
  })

  for (const [shape, ratio] of [
    ["the usual", { min: 3 / 4, max: 4 / 3 }],
    ["wide", { min: 1.5, max: 2 }],
    ["tall", { min: 0.5, max: 0.7 }]
  ] as const) {
    it(`always keeps area and ratio, up to half a pixel a side, in ${shape} boxes`, () => {
      const scale = { min: 0.2, max: 0.4 }
      fc.assert(
        fc.property(fc.nat(), (index) => {
          const box = drawCrop(random(index), scale, ratio, 100, 100)
          assert.isTrue((box.height + 0.5) * (box.width + 0.5) >= 2_000)
          assert.isTrue((box.height - 0.5) * (box.width - 0.5) <= 4_000)
          assert.isTrue((box.width + 0.5) / (box.height - 0.5) >= ratio.min)
          assert.isTrue((box.width - 0.5) / (box.height + 0.5) <= ratio.max)
        })
      )
    })
  }

  it("places a box everywhere alike, edges included", () => {
    const places = { top: [0, 0, 0, 0], left: [0, 0, 0, 0] }
    const quarter = { min: 0.25, max: 0.25 }
    for (let index = 0; index < 4_000; index++) {
      const { left, top } = drawCrop(random(index), quarter, { min: 1, max: 1 }, 6, 6)
      places.left[left]!++
      places.top[top]!++
    }
    // Five standard errors of a count: 5 sqrt(4,000 / 4 * 3 / 4).
    for (const count of [...places.left, ...places.top]) assert.closeTo(count, 1_000, 137)
  })

  it("takes the largest centred box when no drawn one fits", () => {
    const whole = { min: 1, max: 1 }
    assert.deepStrictEqual(drawCrop(random(0), whole, { min: 2, max: 3 }, 12, 12), {
      top: 3,
      left: 0,
      height: 6,
      width: 12
    })
    assert.deepStrictEqual(drawCrop(random(0), whole, { min: 0.25, max: 0.5 }, 12, 12), {
      top: 0,
      left: 3,
      height: 12,
      width: 6
    })
  })

  it("spreads areas evenly, ratios evenly on a logarithmic scale, and places over the whole image", () => {
    const boxes = Array.from({ length: 4_000 }, (_, index) =>
      drawCrop(random(index), { min: 0.2, max: 0.6 }, { min: 3 / 4, max: 4 / 3 }, 200, 200)
    )
    const mean = (values: ReadonlyArray<number>) =>
      values.reduce((sum, value) => sum + value, 0) / values.length
    // Five standard errors: 0.4 / sqrt(12 n), 2 log(4/3) / sqrt(12 n), 1 / sqrt(12 n).
    assert.closeTo(mean(boxes.map(({ height, width }) => (height * width) / 40_000)), 0.4, 0.0095)
    assert.closeTo(mean(boxes.map(({ height, width }) => Math.log(width / height))), 0, 0.0135)
    assert.closeTo(mean(boxes.map(({ height, top }) => top / (200 - height))), 0.5, 0.023)
    assert.closeTo(mean(boxes.map(({ left, width }) => left / (200 - width))), 0.5, 0.023)
  })
})
