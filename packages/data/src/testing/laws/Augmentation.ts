import { assert, type Vitest } from "@effect/vitest"
import type { Backend } from "@moco/core/Backend"
import { assertClose } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import fc from "fast-check"
import { Augmentation, type PlanKey } from "../../Augmentation.ts"
import { AugmentationPlan } from "../../AugmentationPlan.ts"
import { Dataset } from "../../Dataset.ts"
import { readRange } from "../../ImageSource.ts"
import { toTensor } from "../../ImageTensors.ts"

/** Which view of which image a plan is drawn for. */
export const anyPlanKey: fc.Arbitrary<PlanKey> = fc.record({
  seed: fc.nat({ max: 2 ** 32 - 1 }),
  epoch: fc.nat(),
  index: fc.nat(),
  view: fc.nat(1)
})

const anySize = fc.record({ height: fc.integer({ min: 1, max: 40 }), width: fc.integer({ min: 1, max: 40 }) })

/** The size of images that are seen in their own. */
const sizeOf = ({ input: { height, width } }: Dataset["Service"]) => ({ height, width })

const values = (tensor: tf.Tensor): ReadonlyArray<number> => [...tensor.dataSync()]

/** Values of a view as they were before they were normalised. */
const asPixels = (view_NHWC: tf.Tensor, { mean, std }: Dataset["Service"]) =>
  values(view_NHWC).map((value, offset) => value * std[offset % std.length]! + mean[offset % mean.length]!)

/** The services, and the training images as tensors: all, or those at `indices`. */
const given = Effect.gen(function* () {
  const dataset = yield* Dataset
  const { channels, numImages } = dataset.train
  const images = yield* readRange(dataset.train, 0, numImages)
  const tensorOf = (indices: Iterable<number> = images.keys()) =>
    toTensor(
      Array.from(indices, (index) => images[index]!),
      channels
    )
  return { ...(yield* Augmentation), dataset, tensorOf }
})

const check = <A>(
  arbitrary: fc.Arbitrary<A>,
  property: (value: A, services: Effect.Success<typeof given>) => void
) => Effect.map(given, (services) => fc.assert(fc.property(arbitrary, (value) => property(value, services))))

type It = Vitest.MethodsNonLive<Augmentation | Backend | Dataset>

/**
 * What every augmentation owes to those who call it; one joins by one line.
 *
 * @param it  over a data set of eight images in colour, which are seen in their own size
 */
export const augmentationLaws = (it: It): void => {
  it.effect("always draws the same plan for the same key, whatever was drawn in between", () =>
    check(fc.tuple(anyPlanKey, fc.array(anyPlanKey)), ([key, others], { dataset, draw }) => {
      const size = sizeOf(dataset)
      const plan = draw(key, size)
      for (const other of others) draw(other, size)
      assert.deepStrictEqual(draw(key, size), plan)
    })
  )

  it.effect("always draws a valid plan whose box is inside the image, whatever the image's size", () =>
    check(fc.tuple(anyPlanKey, anySize), ([key, size], { draw }) => {
      const plan = draw(key, size)
      assert.isTrue(Schema.is(AugmentationPlan)(plan))
      assert.isAtMost(plan.crop.top + plan.crop.height, size.height)
      assert.isAtMost(plan.crop.left + plan.crop.width, size.width)
    })
  )

  it.effect("never lets a view depend on the other images of the batch", () =>
    check(fc.tuple(anyPlanKey, fc.nat(6)), ([key, index], { apply, dataset, draw, tensorOf }) => {
      const { input, train } = dataset
      tf.tidy(() => {
        const plans = Array.from({ length: train.numImages }, (_, row) =>
          draw({ ...key, index: row }, sizeOf(dataset))
        )
        const view_NHWC = apply(tensorOf(), plans)
        assert.deepStrictEqual(view_NHWC.shape, [train.numImages, input.height, input.width, input.channels])
        const two = apply(tensorOf([7, index]), [plans[7]!, plans[index]!])
        assertClose(values(tf.gather(two, [1])), values(tf.gather(view_NHWC, [index])), 0)
      })
    })
  )

  it.effect("never leaves the range of normalised pixels, and returns one tensor", () =>
    check(anyPlanKey, (key, { apply, dataset, draw, tensorOf }) => {
      const image_NHWC = tensorOf([0, 1, 2, 3, 4])
      const before = tf.memory().numTensors
      const view_NHWC = apply(
        image_NHWC,
        [0, 1, 2, 3, 4].map((index) => draw({ ...key, index }, sizeOf(dataset)))
      )
      assert.strictEqual(tf.memory().numTensors, before + 1)
      // One float32 rounding of a value of up to about 5.
      assert.isTrue(asPixels(view_NHWC, dataset).every((value) => value > -1e-6 && value < 1 + 1e-6))
      tf.dispose([image_NHWC, view_NHWC])
    })
  )

  it.effect("normalises the training set to mean 0 and standard deviation 1 in every channel", () =>
    Effect.map(given, ({ normalize, tensorOf }) =>
      tf.tidy(() => {
        const { mean, variance } = tf.moments(normalize(tensorOf()), [0, 1, 2])
        for (const value of values(mean)) assert.closeTo(value, 0, 1e-5)
        for (const value of values(variance)) assert.closeTo(value, 1, 1e-5)
      })
    )
  )

  it.effect("refuses a batch with too few plans", () =>
    Effect.map(given, ({ apply, tensorOf }) =>
      tf.tidy(() => {
        const image_NHWC = tensorOf()
        assert.throws(() => apply(image_NHWC, []), RangeError)
      })
    )
  )
}

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
        const { apply, draw, normalize } = yield* Augmentation
        const { input } = yield* Dataset
        fc.assert(
          fc.property(anySize, anyPlanKey, ({ height, width }, key) => {
            const image_NHWC = tf.fill([2, height, width, 3], 0.5) as tf.Tensor4D
            const before = tf.memory().numTensors
            const plans = [0, 1].map((index) => draw({ ...key, index }, { height, width }))
            const seen = [apply(image_NHWC, plans), normalize(image_NHWC)]
            assert.strictEqual(tf.memory().numTensors, before + 2)
            for (const { shape } of seen) assert.deepStrictEqual(shape, [2, input.height, input.width, 3])
            tf.dispose([image_NHWC, ...seen])
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
        const columns = [1, 1, 0, 0, 0, 0, 1, 1].flatMap((value) => [value, value, value])
        const image_NHWC = tf.tensor4d([columns, columns, columns, columns].flat(), [1, 4, 8, 3])
        const black = asPixels(normalize(image_NHWC), dataset)
        assertClose(black, Array(black.length).fill(0), 1e-6)
      })
    })
  )
}
