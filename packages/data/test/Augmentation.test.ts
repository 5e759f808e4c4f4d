import { assert, describe, layer, it as test, type Vitest } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Augmentation, AugmentationSettings, type PlanKey } from "@moco/data/Augmentation"
import { AugmentationPlan, identity } from "@moco/data/AugmentationPlan"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema } from "effect"
import fc from "fast-check"
import { assertClose } from "./assertClose.ts"
import { tensorOf } from "./imagesOf.ts"
import { settings } from "./settings.ts"

const images = (height: number, width: number) =>
  layerSynthetic({ numTrain: 8, numTest: 1, height, width, channels: 3, numClasses: 4, seed: 3 })

const anyKey: fc.Arbitrary<PlanKey> = fc.record({
  seed: fc.nat({ max: 2 ** 32 - 1 }),
  epoch: fc.nat(),
  index: fc.nat(),
  view: fc.nat(1)
})

/** The size of images that are seen in their own. */
const sizeOf = ({ input: { height, width } }: Dataset["Service"]) => ({ height, width })

const anySize = fc.record({ height: fc.integer({ min: 1, max: 40 }), width: fc.integer({ min: 1, max: 40 }) })

const values = (tensor: tf.Tensor): ReadonlyArray<number> => [...tensor.dataSync()]

/** What every augmentation owes to those who call it. */
const laws = (it: Vitest.MethodsNonLive<Augmentation | Backend | Dataset>) => {
  const check = <A>(
    arbitrary: fc.Arbitrary<A>,
    property: (value: A, augmentation: Augmentation["Service"], dataset: Dataset["Service"]) => void
  ) =>
    Effect.gen(function* () {
      const augmentation = yield* Augmentation
      const dataset = yield* Dataset
      fc.assert(fc.property(arbitrary, (value) => property(value, augmentation, dataset)))
    })

  it.effect("always draws the same plan for the same key, whatever was drawn in between", () =>
    check(fc.tuple(anyKey, fc.array(anyKey)), ([key, others], { draw }, dataset) => {
      const size = sizeOf(dataset)
      const plan = draw(key, size)
      for (const other of others) draw(other, size)
      assert.deepStrictEqual(draw(key, size), plan)
    })
  )

  it.effect("always draws a valid plan whose box is inside the image, whatever the image's size", () =>
    check(fc.tuple(anyKey, anySize), ([key, size], { draw }) => {
      const plan = draw(key, size)
      assert.isTrue(Schema.is(AugmentationPlan)(plan))
      assert.isAtMost(plan.crop.top + plan.crop.height, size.height)
      assert.isAtMost(plan.crop.left + plan.crop.width, size.width)
    })
  )

  it.effect("changes nothing but the scale when the plan is empty", () =>
    Effect.gen(function* () {
      const { apply, normalize } = yield* Augmentation
      const { input, train } = yield* Dataset
      tf.tidy(() => {
        const image_NHWC = tensorOf(train)
        const plans = Array.from({ length: train.numImages }, () => identity(input.height, input.width))
        assert.deepStrictEqual(values(apply(image_NHWC, plans)), values(normalize(image_NHWC)))
      })
    })
  )

  it.effect("never lets a view depend on the other images of the batch", () =>
    check(fc.tuple(anyKey, fc.nat(6)), ([key, index], { apply, draw }, dataset) => {
      const { input, train } = dataset
      tf.tidy(() => {
        const plans = Array.from({ length: train.numImages }, (_, row) =>
          draw({ ...key, index: row }, sizeOf(dataset))
        )
        const view_NHWC = apply(tensorOf(train), plans)
        assert.deepStrictEqual(view_NHWC.shape, [train.numImages, input.height, input.width, 3])
        const two = apply(tensorOf(train, [7, index]), [plans[7]!, plans[index]!])
        assertClose(values(tf.gather(two, [1])), values(tf.gather(view_NHWC, [index])), 0)
      })
    })
  )

  it.effect("never leaves the range of normalised pixels, and returns one tensor", () =>
    check(anyKey, (key, { apply, draw }, dataset) => {
      const { mean, std, train } = dataset
      const image_NHWC = tensorOf(train, [0, 1, 2, 3, 4])
      const before = tf.memory().numTensors
      const view_NHWC = apply(
        image_NHWC,
        [0, 1, 2, 3, 4].map((index) => draw({ ...key, index }, sizeOf(dataset)))
      )
      assert.strictEqual(tf.memory().numTensors, before + 1)
      const unit = values(view_NHWC).map((value, offset) => value * std[offset % 3]! + mean[offset % 3]!)
      // One float32 rounding of a value of up to about 5.
      assert.isTrue(unit.every((value) => value > -1e-6 && value < 1 + 1e-6))
      tf.dispose([image_NHWC, view_NHWC])
    })
  )

  it.effect("normalises the training set to mean 0 and standard deviation 1 in every channel", () =>
    Effect.gen(function* () {
      const { normalize } = yield* Augmentation
      const { train } = yield* Dataset
      tf.tidy(() => {
        const { mean, variance } = tf.moments(normalize(tensorOf(train)), [0, 1, 2])
        for (const value of values(mean)) assert.closeTo(value, 0, 1e-5)
        for (const value of values(variance)) assert.closeTo(value, 1, 1e-5)
      })
    })
  )

  it.effect("refuses a batch with too few plans", () =>
    Effect.gen(function* () {
      const { apply } = yield* Augmentation
      const { train } = yield* Dataset
      tf.tidy(() => {
        const image_NHWC = tensorOf(train)
        assert.throws(() => apply(image_NHWC, []), "Augmentation.apply: 0 plans for 8 images")
      })
    })
  )
}

/** What encoders see of the same images where that is another size. */
const sizes = (it: Vitest.MethodsNonLive<Augmentation | Backend | Dataset>) => {
  it.effect(
    "always gives views and test images of the input's size, whatever the images' own, and one tensor",
    () =>
      Effect.gen(function* () {
        const { apply, draw, normalize } = yield* Augmentation
        const { input } = yield* Dataset
        fc.assert(
          fc.property(anySize, anyKey, ({ height, width }, key) => {
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
      const { mean, std } = yield* Dataset
      tf.tidy(() => {
        // Of 4 x 8 pixels the middle 4 x 4; the outer columns are white.
        const columns = [1, 1, 0, 0, 0, 0, 1, 1].flatMap((value) => [value, value, value])
        const image_NHWC = tf.tensor4d([columns, columns, columns, columns].flat(), [1, 4, 8, 3])
        const black = values(normalize(image_NHWC)).map(
          (value, offset) => value * std[offset % 3]! + mean[offset % 3]!
        )
        assertClose(black, Array(black.length).fill(0), 1e-6)
      })
    })
  )
}

const variants = [
  ["layer", Augmentation.layer(settings)],
  ["layerNone", Augmentation.layerNone]
] as const
const backends = [
  ["cpu", Backend.layerCpu],
  ["tensorflow", Backend.layerTensorflow()]
] as const

for (const [variant, augmentation] of variants) {
  for (const [name, backend] of backends) {
    const live = augmentation.pipe(Layer.provideMerge(images(6, 5)), Layer.provideMerge(Layer.orDie(backend)))
    layer(live)(`Augmentation.${variant} on ${name}`, laws)
    const other = augmentation.pipe(
      Layer.provideMerge(images(6, 5).pipe(Dataset.seenAs({ height: 7, width: 7 }))),
      Layer.provideMerge(Layer.orDie(backend))
    )
    layer(other)(`Augmentation.${variant} on ${name}, of another size than the images`, sizes)
  }
}

layer(Layer.merge(Backend.layerCpu, images(12, 10)))("Augmentation.layer", (it) => {
  const wide = { height: 12, width: 10 }
  const drawWith = (changes: Partial<AugmentationSettings>, numPlans = 4_000, view = 0) =>
    Effect.provide(
      Effect.map(Augmentation, ({ draw }) =>
        Array.from({ length: numPlans }, (_, index) => draw({ seed: 1, epoch: 2, index, view }, wide))
      ),
      Augmentation.layer({ ...settings, ...changes })
    )
  const share = (flags: ReadonlyArray<boolean>) => flags.filter(Boolean).length / flags.length

  it.effect("draws this plan for this key, in every version: runs can be repeated", () =>
    Effect.gen(function* () {
      // Drawn before there was blur, one with jitter and one without: blur must not move them.
      const before = [
        {
          crop: { top: 1, left: 2, height: 9, width: 8 },
          flip: false,
          brightness: 1.2858861269429325,
          contrast: 1.1683652991428972
        },
        { crop: { top: 1, left: 1, height: 6, width: 5 }, flip: true, brightness: 1, contrast: 1 }
      ]
      const withBlur = (...sigmas: ReadonlyArray<number>) =>
        before.map((plan, index) => ({ ...plan, blur: sigmas[index] }))
      assert.deepStrictEqual(yield* drawWith({ blur: 0 }, 2), withBlur(0, 0))
      assert.deepStrictEqual(
        yield* drawWith({ blur: 1 }, 2),
        withBlur(1.0081762029323726, 0.2786188352154568)
      )
    })
  )

  it.effect("always draws everything else as it is without blur", () =>
    Effect.gen(function* () {
      const drawBy = (blur: number) =>
        Effect.provide(
          Effect.map(Augmentation, ({ draw }) => draw),
          Augmentation.layer({ ...settings, blur })
        )
      const never = yield* drawBy(0)
      const always = yield* drawBy(1)
      fc.assert(
        fc.property(anyKey, (key) =>
          assert.deepStrictEqual({ ...always(key, wide), blur: 0 }, never(key, wide))
        )
      )
    })
  )

  it.effect("draws the two views of an image independently, and other plans for other epochs and seeds", () =>
    Effect.gen(function* () {
      const { draw } = yield* Augmentation
      const key = { seed: 1, epoch: 2, index: 0, view: 0 }
      const flips = (change: Partial<PlanKey>) =>
        Array.from({ length: 4_000 }, (_, index) => draw({ ...key, index, ...change }, wide).flip)
      const base = flips({})
      for (const change of [{ view: 1 }, { epoch: 3 }, { seed: 2 }]) {
        const other = flips(change)
        // Five standard errors of a share of one half in 4,000.
        assert.closeTo(share(base.map((flip, index) => flip === other[index])), 0.5, 0.04)
      }
      assert.closeTo(share(base), 0.5, 0.04)
    }).pipe(Effect.provide(Augmentation.layer(settings)))
  )

  it.effect("flips with the given probability", () =>
    Effect.gen(function* () {
      assert.strictEqual(share((yield* drawWith({ flip: 0 })).map(({ flip }) => flip)), 0)
      assert.strictEqual(share((yield* drawWith({ flip: 1 })).map(({ flip }) => flip)), 1)
      assert.closeTo(share((yield* drawWith({ flip: 0.2 })).map(({ flip }) => flip)), 0.2, 0.032)
    })
  )

  it.effect("changes brightness and contrast together, with the given probability and strength", () =>
    Effect.gen(function* () {
      const plans = yield* drawWith({ jitter: 0.8, brightness: 0.5, contrast: 0.1 })
      const changed = plans.filter(({ brightness, contrast }) => brightness !== 1 && contrast !== 1)
      const unchanged = plans.filter(({ brightness, contrast }) => brightness === 1 && contrast === 1)
      assert.strictEqual(changed.length + unchanged.length, plans.length)
      assert.closeTo(changed.length / plans.length, 0.8, 0.032)
      assert.isTrue(changed.every(({ brightness }) => brightness >= 0.5 && brightness <= 1.5))
      assert.isTrue(changed.every(({ contrast }) => contrast >= 0.9 && contrast <= 1.1))
      assert.isTrue(changed.some(({ brightness }) => brightness < 0.55))
      assert.isTrue(changed.some(({ contrast }) => contrast > 1.09))
    })
  )

  it.effect("blurs with the given probability, by a sigma spread evenly over its range", () =>
    Effect.gen(function* () {
      const sigmas = (changes: Partial<AugmentationSettings>) =>
        Effect.map(drawWith(changes), (plans) => plans.map(({ blur }) => blur))
      const blurred = (values: ReadonlyArray<number>) => share(values.map((sigma) => sigma > 0))
      assert.strictEqual(blurred(yield* sigmas({ blur: 0 })), 0)
      assert.closeTo(blurred(yield* sigmas({ blur: 0.2 })), 0.2, 0.032)
      const all = yield* sigmas({ blur: 1, blurSigma: { min: 0.5, max: 1.5 } })
      assert.strictEqual(blurred(all), 1)
      assert.isTrue(all.every((sigma) => sigma >= 0.5 && sigma <= 1.5))
      // Five standard errors: 1 / sqrt(12 n).
      assert.closeTo(all.reduce((sum, sigma) => sum + sigma, 0) / all.length, 1, 0.023)
      assert.isTrue((yield* sigmas({ blur: 1, blurSigma: { min: 2, max: 2 } })).every((s) => s === 2))
    })
  )

  it.effect("crops with the given areas and ratios", () =>
    Effect.gen(function* () {
      const plans = yield* drawWith({
        cropScale: { min: 0.25, max: 0.25 },
        cropRatio: { min: 1.2, max: 1.2 }
      })
      // 120 pixels * 0.25 = 30 = 6 wide * 5 high.
      assert.isTrue(plans.every(({ crop }) => crop.height === 5 && crop.width === 6))
    })
  )
})

describe("AugmentationSettings", () => {
  test.effect("names what is out of range", () =>
    Effect.gen(function* () {
      const decode = Schema.decodeUnknownEffect(AugmentationSettings)
      const problem = (changes: object) =>
        Effect.map(Effect.flip(decode({ ...settings, ...changes })), ({ message }) => message)
      assert.deepStrictEqual(yield* decode(settings), settings)
      assert.include(yield* problem({ flip: 1.5 }), `at ["flip"]`)
      assert.include(yield* problem({ cropScale: { min: 0, max: 1 } }), `at ["cropScale"]["min"]`)
      assert.include(
        yield* problem({ cropScale: { min: 0.5, max: 0.2 } }),
        "min (0.5) is greater than max (0.2)"
      )
      assert.include(yield* problem({ blur: -0.1 }), `at ["blur"]`)
      assert.include(yield* problem({ blurSigma: { min: 0, max: 2 } }), `at ["blurSigma"]["min"]`)
      assert.include(yield* problem({ blurSigma: { min: 2, max: 1 } }), "min (2) is greater than max (1)")
    })
  )

  test("describes every field for help texts and editors", () => {
    const { schema } = Schema.toJsonSchemaDocument(AugmentationSettings)
    const fields = Object.values(schema["properties"] as Record<string, { readonly description?: string }>)
    assert.strictEqual(fields.length, 8)
    for (const { description } of fields) assert.isString(description)
  })
})
