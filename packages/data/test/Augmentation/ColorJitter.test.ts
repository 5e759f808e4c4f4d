import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { colorJitter, drawFactor } from "@moco/data/Augmentation/ColorJitter"
import { identity } from "@moco/data/AugmentationPlan"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { assertClose } from "../assertClose.ts"

interface Sample {
  /** Two pixels, channels innermost. */
  readonly values: ReadonlyArray<number>
  readonly brightness: number
  readonly contrast: number
}

/** TensorFlow takes subnormal numbers for zero; no byte / 255 is one. */
const flushed = (value: number) => (value < 2 ** -126 ? 0 : value)
const unit = fc.float({ min: 0, max: 1, noNaN: true }).map(flushed)
const factor = fc.double({ min: 0, max: 3, noNaN: true })
const batchOf = (channels: number) =>
  fc.array(
    fc.record({
      values: fc.array(unit, { minLength: 2 * channels, maxLength: 2 * channels }),
      brightness: factor,
      contrast: factor
    }),
    { minLength: 1, maxLength: 4 }
  )
const batch = fc
  .constantFrom(1, 3)
  .chain((channels) => fc.record({ channels: fc.constant(channels), samples: batchOf(channels) }))

const clip = (value: number) => Math.min(1, Math.max(0, value))

/** The definition, one image after the other in float64: the reference. */
const naive = ({ brightness, contrast, values }: Sample, channels: number): ReadonlyArray<number> => {
  const bright = values.map((value) => clip(brightness * value))
  const gray = (pixel: number) =>
    channels === 1
      ? bright[pixel]!
      : 0.299 * bright[3 * pixel]! + 0.587 * bright[3 * pixel + 1]! + 0.114 * bright[3 * pixel + 2]!
  const mean = (gray(0) + gray(1)) / 2
  return bright.map((value) => clip(contrast * value + (1 - contrast) * mean))
}

const jittered = (samples: ReadonlyArray<Sample>, channels: number): Float32Array =>
  tf.tidy(() => {
    const values = Float32Array.from(samples.flatMap((sample) => sample.values))
    const image_NHWC = tf.tensor4d(values, [samples.length, 1, 2, channels])
    const plans = samples.map(({ brightness, contrast }) => ({ ...identity(1, 2), brightness, contrast }))
    return colorJitter(image_NHWC, plans).dataSync() as Float32Array
  })

/** A few float32 roundings of values up to 3 * 1. */
const tolerance = 2e-6

for (const [name, backend] of [
  ["cpu", Backend.layerCpu],
  ["tensorflow", Backend.layerTensorflow()]
] as const) {
  layer(backend)(`Augmentation/ColorJitter on ${name}`, (it) => {
    it.effect("multiplies brightness, then moves values away from their mean gray", () =>
      Effect.sync(() => {
        // 2 * (0.1, 0.3) = (0.2, 0.6), mean 0.4; 1.5 * value - 0.5 * 0.4
        assertClose(
          jittered([{ values: [0.1, 0.3], brightness: 2, contrast: 1.5 }], 1),
          [0.1, 0.7],
          tolerance
        )
        // Pure red beside black: mean gray 0.299 / 2
        const red = { values: [1, 0, 0, 0, 0, 0], brightness: 1, contrast: 0 }
        assertClose(jittered([red], 3), Array(6).fill(0.1495), tolerance)
      })
    )

    it.effect("always equals the definition, each image by its own factors", () =>
      Effect.sync(() =>
        fc.assert(
          fc.property(batch, ({ channels, samples }) => {
            const expected = samples.flatMap((sample) => naive(sample, channels))
            assertClose(jittered(samples, channels), expected, tolerance)
          })
        )
      )
    )

    it.effect("always stays in 0..1, changes nothing at factor 1, and releases what it allocates", () =>
      Effect.sync(() =>
        fc.assert(
          fc.property(batch, ({ channels, samples }) => {
            const before = tf.memory().numTensors
            assert.isTrue(jittered(samples, channels).every((value) => value >= 0 && value <= 1))
            const unchanged = samples.map(({ values }) => ({ values, brightness: 1, contrast: 1 }))
            const original = samples.flatMap(({ values }) => values)
            assertClose(jittered(unchanged, channels), original, 0)
            // Beside another plan: where no factor changes anything, the images are not computed at all.
            const mixed = jittered([...unchanged, { ...unchanged[0]!, brightness: 0.5 }], channels)
            assertClose(mixed.slice(0, original.length), original, 0)
            assert.strictEqual(tf.memory().numTensors, before)
          })
        )
      )
    )
  })
}

layer(Backend.layerCpu)("Augmentation/ColorJitter drawFactor", (it) => {
  it("always draws between max(0, 1 - strength) and 1 + strength, evenly", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 3, noNaN: true }), fc.nat(), (strength, seed) => {
        const random = CounterRandom.make(seed, CounterRandom.Purpose.augmentation)
        const factors = Array.from({ length: 200 }, () => drawFactor(random, strength))
        const [min, max] = [Math.max(0, 1 - strength), 1 + strength]
        assert.isTrue(factors.every((value) => value >= min && value <= max))
        // Six standard errors of the mean of 200 uniform values.
        const mean = factors.reduce((sum, value) => sum + value, 0) / 200
        assert.closeTo(mean, (min + max) / 2, (6 * (max - min)) / Math.sqrt(12 * 200) + 1e-12)
      })
    )
  })
})
