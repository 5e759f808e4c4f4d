import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { blur } from "@moco/data/Augmentation/Blur"
import { identity } from "@moco/data/AugmentationPlan"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { assertClose } from "../assertClose.ts"

const backends = [
  ["cpu", Backend.layerCpu],
  ["tensorflow", Backend.layerTensorflow()]
] as const

/** Some images of one size, each with its sigma. */
interface Blurred {
  readonly shape: readonly [number, number, number, number]
  readonly values: Float32Array
  readonly sigmas: ReadonlyArray<number>
}

/** TensorFlow takes subnormal numbers for zero; no byte / 255 is one. */
const flushed = (value: number) => (value < 2 ** -126 ? 0 : value)
const side = fc.integer({ min: 1, max: 9 })
const sigma = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 6, noNaN: true }))
const batch: fc.Arbitrary<Blurred> = fc
  .tuple(fc.integer({ min: 1, max: 3 }), side, side, fc.constantFrom(1, 3))
  .chain((shape) => {
    const length = shape.reduce((product, size) => product * size)
    return fc.record({
      shape: fc.constant(shape),
      values: fc
        .float32Array({ minLength: length, maxLength: length, min: 0, max: 1, noNaN: true })
        .map((pixels) => pixels.map(flushed)),
      sigmas: fc.array(sigma, { minLength: shape[0], maxLength: shape[0] })
    })
  })

/** The definition, pixel by pixel in float64: the reference. */
const naiveBlur = ({ shape, sigmas, values }: Blurred): ReadonlyArray<number> => {
  const [, height, width, channels] = shape
  const inside = (index: number, size: number) =>
    index < 0 ? -index : index >= size ? 2 * size - 2 - index : index
  return Array.from(values, (value, at) => {
    const [channel, x] = [at % channels, Math.floor(at / channels) % width]
    const y = Math.floor(at / (channels * width)) % height
    const image = Math.floor(at / (channels * width * height))
    const sigma = sigmas[image]!
    if (sigma === 0) return value
    const [down, right] = [height, width].map((size) => Math.min(Math.ceil(3 * sigma), size - 1))
    let [sum, total] = [0, 0]
    for (let dy = -down!; dy <= down!; dy++) {
      for (let dx = -right!; dx <= right!; dx++) {
        const weight = Math.exp(-((dy / sigma) ** 2 + (dx / sigma) ** 2) / 2)
        const pixel = (image * height + inside(y + dy, height)) * width + inside(x + dx, width)
        sum += weight * values[pixel * channels + channel]!
        total += weight
      }
    }
    return sum / total
  })
}

const applyBlur = ({ shape, sigmas, values }: Blurred): Float32Array =>
  tf.tidy(() => {
    const plans = sigmas.map((sigma) => ({ ...identity(shape[1], shape[2]), blur: sigma }))
    return blur(tf.tensor4d(values, [...shape]), plans).dataSync() as Float32Array
  })

for (const [name, backend] of backends) {
  layer(backend)(`Augmentation/Blur on ${name}`, (it) => {
    const always = (property: (blurred: Blurred) => void) =>
      Effect.sync(() => fc.assert(fc.property(batch, property)))
    /** Two products of at most 9 terms, a float32 rounding each, of values up to 1. */
    const tolerance = 2e-6

    it.effect(
      "weighs neighbours by a Gaussian, and mirrors the image at its edge without the edge pixel",
      () =>
        Effect.sync(() => {
          const [near, far] = [Math.exp(-0.5), Math.exp(-2)]
          const whole = 1 + 2 * near + 2 * far
          const blurred = applyBlur({
            shape: [1, 1, 3, 1],
            values: Float32Array.of(1, 0, 0),
            sigmas: [1]
          })
          assertClose(blurred, [1 / whole, (2 * near) / (2 * whole), (2 * far) / whole], tolerance)
        })
    )

    it.effect("always equals the definition, each image by its own sigma", () =>
      always((blurred) => assertClose(applyBlur(blurred), naiveBlur(blurred), tolerance))
    )

    it.effect("always keeps a constant image, and never leaves the range of the image", () =>
      always((blurred) => {
        const { values } = blurred
        const constant = values.map(() => values[0]!)
        assertClose(applyBlur({ ...blurred, values: constant }), [...constant], tolerance)
        const view = applyBlur(blurred)
        assert.isAtLeast(Math.min(...view), Math.min(...values) - tolerance)
        assert.isAtMost(Math.max(...view), Math.max(...values) + tolerance)
      })
    )

    it.effect("always leaves images of sigma 0 as they are, to the bit, whatever the others get", () =>
      always(({ shape, sigmas, values }) => {
        const size = values.length / shape[0]
        const mixed = applyBlur({ shape, values, sigmas: sigmas.map((sigma, n) => (n === 0 ? 0 : sigma)) })
        assert.deepStrictEqual(mixed.slice(0, size), values.slice(0, size))
      })
    )

    it.effect("always commutes with the flip", () =>
      always((blurred) => {
        const mirrored = (values: Float32Array) =>
          tf.tidy(() => tf.reverse(tf.tensor4d(values, [...blurred.shape]), 2).dataSync() as Float32Array)
        const flippedFirst = applyBlur({ ...blurred, values: mirrored(blurred.values) })
        assertClose(flippedFirst, [...mirrored(applyBlur(blurred))], tolerance)
      })
    )

    it.effect("does no work where no plan blurs, and always releases what it allocates", () =>
      Effect.sync(() => {
        tf.tidy(() => {
          const image_NHWC = tf.ones<tf.Rank.R4>([2, 4, 3, 1])
          const before = tf.memory().numTensors
          assert.strictEqual(blur(image_NHWC, [identity(4, 3), identity(4, 3)]), image_NHWC)
          assert.strictEqual(tf.memory().numTensors, before)
        })
        fc.assert(
          fc.property(batch, (blurred) => {
            const before = tf.memory().numTensors
            applyBlur(blurred)
            assert.strictEqual(tf.memory().numTensors, before)
          })
        )
      })
    )
  })
}
