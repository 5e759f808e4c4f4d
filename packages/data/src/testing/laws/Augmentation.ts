import { assert, type Vitest } from "@effect/vitest"
import type { Backend } from "@moco/core/Backend"
import { assertClose } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { Augmentation, type PlanKey } from "../../Augmentation.ts"
import { Dataset } from "../../Dataset.ts"
import { type Image, type Images, readRange } from "../../ImageSource.ts"

/** Which view of which image is made. */
export const anyPlanKey: fc.Arbitrary<PlanKey> = fc.record({
  seed: fc.nat({ max: 2 ** 32 - 1 }),
  epoch: fc.nat(),
  index: fc.nat(),
  view: fc.nat(1)
})

const anySize = fc.record({ height: fc.integer({ min: 1, max: 40 }), width: fc.integer({ min: 1, max: 40 }) })

const values = (tensor: tf.Tensor): Array<number> => [...tensor.dataSync()]

/** Values of a view as they were before they were normalised. */
const asPixels = (view_NHWC: tf.Tensor, { mean, std }: Dataset["Service"]) =>
  values(view_NHWC).map((value, offset) => value * std[offset % std.length]! + mean[offset % mean.length]!)

/** The services and the training images. */
const given = Effect.gen(function* () {
  const dataset = yield* Dataset
  const images = yield* readRange(dataset.train, 0, dataset.train.numImages)
  return { ...(yield* Augmentation), dataset, images }
})

/** The same view in the same epoch of the images at `indices`. */
const keysOf = (key: PlanKey, indices: Iterable<number>): ReadonlyArray<PlanKey> =>
  Array.from(indices, (index) => ({ ...key, index }))

const check = <A>(
  arbitrary: fc.Arbitrary<A>,
  property: (value: A, services: Effect.Success<typeof given>) => void
) => Effect.map(given, (services) => fc.assert(fc.property(arbitrary, (value) => property(value, services))))

type It = Vitest.MethodsNonLive<Augmentation | Backend | Dataset>

/**
 * What every augmentation owes to those who call it; one joins by one line.
 *
 * @param it  over a data set of eight images in colour
 */
export const augmentationLaws = (it: It): void => {
  it.effect("always makes the same view of an image for the same key, whatever was made in between", () =>
    check(
      fc.tuple(anyPlanKey, fc.array(anyPlanKey, { maxLength: 3 })),
      ([key, others], { images, views }) => {
        const two = [images[0]!, images[1]!]
        const made = (...keys: ReadonlyArray<PlanKey>) => tf.tidy(() => values(views(two, keys)))
        const first = made(key, key)
        for (const other of others) made(other, key)
        assert.deepStrictEqual(made(key, key), first)
      }
    )
  )

  it.effect("never lets a view depend on the other images of the batch", () =>
    check(fc.tuple(anyPlanKey, fc.nat(6)), ([key, index], { dataset, images, views }) => {
      const { input, train } = dataset
      tf.tidy(() => {
        const view_NHWC = views(images, keysOf(key, images.keys()))
        assert.deepStrictEqual(view_NHWC.shape, [train.numImages, input.height, input.width, input.channels])
        const two = views([images[7]!, images[index]!], keysOf(key, [7, index]))
        assertClose(values(tf.gather(two, [1])), values(tf.gather(view_NHWC, [index])), 0)
      })
    })
  )

  it.effect("never leaves the range of normalised pixels, and returns one tensor", () =>
    check(anyPlanKey, (key, { dataset, images, views }) => {
      const before = tf.memory().numTensors
      const view_NHWC = views(images.slice(0, 5), keysOf(key, [0, 1, 2, 3, 4]))
      assert.strictEqual(tf.memory().numTensors, before + 1)
      // One float32 rounding of a value of up to about 5.
      assert.isTrue(asPixels(view_NHWC, dataset).every((value) => value > -1e-6 && value < 1 + 1e-6))
      view_NHWC.dispose()
    })
  )

  it.effect("normalises the training set to mean 0 and standard deviation 1 in every channel", () =>
    Effect.map(given, ({ images, normalize }) =>
      tf.tidy(() => {
        const { mean, variance } = tf.moments(normalize(images), [0, 1, 2])
        for (const value of values(mean)) assert.closeTo(value, 0, 1e-5)
        for (const value of values(variance)) assert.closeTo(value, 1, 1e-5)
      })
    )
  )

  it.effect("refuses a batch with too few keys, or too many", () =>
    Effect.map(given, ({ images, views }) => {
      const key = { seed: 1, epoch: 0, index: 0, view: 0 }
      assert.throws(() => views(images, []), RangeError)
      assert.throws(() => views([images[0]!], [key, key]), RangeError)
    })
  )
}

/** Two images of one gray. */
const flat = (height: number, width: number): Images =>
  [0, 1].map(() => ({ height, width, pixels_HWC: new Uint8Array(height * width * 3).fill(128) }))

/**
 * What every augmentation owes where an encoder sees images in another size than their own.
 *
 * @param it  over a data set in colour
 */
export const augmentationSizeLaws = (it: It): void => {
  it.effect(
    "always gives views and test images of the input's size, whatever the images' own, and one tensor",
    () =>
      Effect.gen(function* () {
        const { normalize, views } = yield* Augmentation
        const { input } = yield* Dataset
        fc.assert(
          fc.property(anySize, anyPlanKey, ({ height, width }, key) => {
            const images = flat(height, width)
            const before = tf.memory().numTensors
            const seen = [views(images, keysOf(key, [0, 1])), normalize(images)]
            assert.strictEqual(tf.memory().numTensors, before + 2)
            for (const { shape } of seen) assert.deepStrictEqual(shape, [2, input.height, input.width, 3])
            tf.dispose(seen)
          })
        )
      })
  )

  it.effect("takes the middle of a test image of another form, and nothing beside it", () =>
    Effect.gen(function* () {
      const { normalize } = yield* Augmentation
      const dataset = yield* Dataset
      tf.tidy(() => {
        // Of 4 x 8 pixels the middle 4 x 4; the outer columns are white.
        const columns = [1, 1, 0, 0, 0, 0, 1, 1].flatMap((value) => Array(3).fill(255 * value))
        const pixels_HWC = Uint8Array.from([columns, columns, columns, columns].flat())
        const image: Image = { height: 4, width: 8, pixels_HWC }
        const black = asPixels(normalize([image]), dataset)
        assertClose(black, Array(black.length).fill(0), 1e-6)
      })
    })
  )
}
