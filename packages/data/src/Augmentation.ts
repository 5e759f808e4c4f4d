import * as CounterRandom from "@moco/core/CounterRandom"
import { between, positiveUpTo } from "@moco/core/Setting"
import * as Stage from "@moco/core/Stage"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Schema } from "effect"
import { blur, drawSigma } from "./Augmentation/Blur.ts"
import { colorJitter, drawFactor } from "./Augmentation/ColorJitter.ts"
import { centredBox, cropAndFlip, cropProblem, drawCrop } from "./Augmentation/Crop.ts"
import { type AugmentationPlan, identity } from "./AugmentationPlan.ts"
import { Dataset } from "./Dataset.ts"
import type { ImageSize } from "./ImageSource.ts"

const ordered = Schema.makeFilter(
  ({ max, min }: { readonly min: number; readonly max: number }) =>
    min <= max || `min (${min}) is greater than max (${max})`
)

/** An interval of which both ends are of one kind; `least` and `most` describe them. */
const rangeOf = (end: typeof Fraction, unit: string, description: string, least: string, most: string) =>
  Schema.Struct({
    min: end.annotate({ description: least, unit }),
    max: end.annotate({ description: most, unit })
  })
    .annotate({ description })
    .check(ordered)

const probability = (description: string) => between(0, 1).annotate({ description, unit: "probability" })

const strength = (word: string) =>
  between(0, 10).annotate({
    description: `largest distance of the ${word} factor to 1 (0 = unchanged; no factor is negative)`,
    unit: "unitless"
  })

const Fraction = positiveUpTo(1)
/** No image is a thousand times wider than high, and a wider blur leaves one gray of any image. */
const Ratio = positiveUpTo(1000)
const Sigma = positiveUpTo(1000)

/** How strongly views differ from their image. */
export const AugmentationSettings = Schema.Struct({
  cropScale: rangeOf(
    Fraction,
    "part of the image's area",
    "area of the random crop, as a fraction of the image",
    "smallest area of the crop, as a fraction of the image",
    "largest area of the crop, as a fraction of the image"
  ),
  cropRatio: rangeOf(
    Ratio,
    "width / height",
    "width / height of the random crop",
    "smallest width / height of the crop",
    "largest width / height of the crop"
  ),
  flip: probability("probability of mirroring left to right"),
  jitter: probability("probability of changing brightness and contrast"),
  brightness: strength("brightness"),
  contrast: strength("contrast"),
  blur: probability("probability of a Gaussian blur; 0.5 in MoCo v2, 0 in v1"),
  blurSigma: rangeOf(
    Sigma,
    "pixels",
    "standard deviation of the Gaussian blur in pixels; 0.1 to 2 in MoCo v2, at 224 pixels",
    "smallest standard deviation of the blur in pixels, e.g. 0.1",
    "largest standard deviation of the blur in pixels, e.g. 2"
  )
})
export type AugmentationSettings = typeof AugmentationSettings.Type

/** Which view a plan is drawn for. */
export interface PlanKey {
  readonly seed: number
  readonly epoch: number
  /** Position of the image in the training set. */
  readonly index: number
  /** 0 = query view, 1 = key view. */
  readonly view: number
}

/** How an image becomes a view: what the encoder sees, `Dataset`'s `input`. */
export class Augmentation extends Context.Service<
  Augmentation,
  {
    /** The plan of one view of an image of size `image`. Pure: a function of both, whatever was drawn before. */
    readonly draw: (key: PlanKey, image: ImageSize) => AugmentationPlan
    /**
     * Crop and flip, brightness, contrast, blur, normalisation. Pure; float32 in 0..1, images of one size -> float32 of
     * the input's size, mean 0 and std 1 over the training set. A view depends on its image and plan alone.
     *
     * @throws RangeError when the number of plans is not the number of images
     */
    readonly apply: (image_NHWC: tf.Tensor4D, plans: ReadonlyArray<AugmentationPlan>) => tf.Tensor4D
    /**
     * What test images and the kNN bank get: the largest centred box of the input's form, stretched to the input's size
     * (an image of that size is left as it is), and normalisation. Pure; float32 in 0..1, images of one size.
     */
    readonly normalize: (image_NHWC: tf.Tensor4D) => tf.Tensor4D
  }
>()("@moco/data/Augmentation") {
  /** Random resized crop, flip, brightness, contrast and blur. */
  static readonly layer = (settings: AugmentationSettings) =>
    Layer.effect(
      Augmentation,
      Effect.gen(function* () {
        const dataset = yield* Dataset.checked
        yield* Stage.check("Augmentation", ...needsOf(settings, dataset))
        return Augmentation.of({
          draw: (key, image) => drawPlan(settings, key, image),
          ...transforms(dataset)
        })
      })
    )

  /** Every view is its image: without augmentation the pretext task needs no features (an ablation). */
  static readonly layerNone = Layer.effect(
    Augmentation,
    Effect.map(Dataset.checked, (dataset) =>
      Augmentation.of({
        draw: (_, image) => wholePlan(dataset.input, image),
        ...transforms(dataset)
      })
    )
  )
}

const probabilities = ["flip", "jitter", "blur"] as const
const strengths = ["brightness", "contrast"] as const
const ranges = ["cropScale", "cropRatio", "blurSigma"] as const

const { fields: bounds } = AugmentationSettings

const needsOf = (
  settings: AugmentationSettings,
  { train: { size } }: Dataset["Service"]
): ReadonlyArray<Stage.Need> => {
  // Of images of many sizes some may be too small: such an image gives the largest box that it has.
  const crop =
    size.kind === "fixed"
      ? cropProblem(settings.cropScale, settings.cropRatio, size.height, size.width)
      : undefined
  return [
    ...probabilities.map((field) =>
      Stage.setting(field, bounds[field], settings[field], "it is a probability")
    ),
    ...strengths.map((field) =>
      Stage.setting(field, bounds[field], settings[field], "the largest distance of the factor to 1")
    ),
    ...ranges.flatMap((field) => {
      const { max, min } = settings[field]
      const hint = "min is the smallest value that is drawn, max the largest"
      return [
        Stage.positive(`${field}.min`, min, hint),
        Stage.positive(`${field}.max`, max, hint),
        Stage.that(min <= max, `${field}.min`, min, `must be at most ${field}.max (${max})`, hint),
        Stage.setting(`${field}.max`, bounds[field].fields.max, max, hint)
      ]
    }),
    Stage.that(crop === undefined, "cropScale", settings.cropScale, crop?.problem ?? "", crop?.hint ?? "")
  ]
}

const drawPlan = (
  settings: AugmentationSettings,
  { epoch, index, seed, view }: PlanKey,
  { height, width }: ImageSize
): AugmentationPlan => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.augmentation, epoch, index, view)
  const crop = drawCrop(random, settings.cropScale, settings.cropRatio, height, width)
  const flip = random.uniform() < settings.flip
  const jitter = random.uniform() < settings.jitter
  return {
    crop,
    flip,
    brightness: jitter ? drawFactor(random, settings.brightness) : 1,
    contrast: jitter ? drawFactor(random, settings.contrast) : 1,
    // The last draws of the stream: what is drawn before them is the same with and without blur.
    blur: random.uniform() < settings.blur ? drawSigma(random, settings.blurSigma) : 0
  }
}

/** The plan that cuts off nothing but what is beyond the input's form. */
const wholePlan = (input: ImageSize, { height, width }: ImageSize): AugmentationPlan => {
  const ratio = input.width / input.height
  return { ...identity(height, width), crop: centredBox({ min: ratio, max: ratio }, height, width) }
}

const transforms = ({ input, mean, std }: Dataset["Service"]) => {
  const standardise = (image_NHWC: tf.Tensor4D): tf.Tensor4D =>
    tf.tidy(() => tf.div(tf.sub(image_NHWC, tf.tensor1d([...mean])), tf.tensor1d([...std])))
  const normalize = (image_NHWC: tf.Tensor4D): tf.Tensor4D =>
    tf.tidy(() => {
      const [numImages, height, width] = image_NHWC.shape
      const plan = wholePlan(input, { height, width })
      return standardise(cropAndFlip(image_NHWC, Array(numImages).fill(plan), input))
    })
  const apply = (image_NHWC: tf.Tensor4D, plans: ReadonlyArray<AugmentationPlan>): tf.Tensor4D => {
    if (plans.length !== image_NHWC.shape[0]) {
      throw new RangeError(`Augmentation.apply: ${plans.length} plans for ${image_NHWC.shape[0]} images`)
    }
    return tf.tidy(() => standardise(blur(colorJitter(cropAndFlip(image_NHWC, plans, input), plans), plans)))
  }
  return { apply, normalize }
}
