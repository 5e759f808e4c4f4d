import { Schema } from "effect"

/** Which view a plan is drawn for. */
export interface PlanKey {
  readonly seed: number
  readonly epoch: number
  /** Position of the image in the training set. */
  readonly index: number
  /** 0 = query view, 1 = key view, from {@link firstOwnView} on those of whoever else draws some. */
  readonly view: number
}

/**
 * The first view that no step of any run sees: what else draws views of the images, by whichever seed, numbers them from
 * here on. A seed of its own would not do, as a run may have the same.
 */
export const firstOwnView = 2

/** Part of an image in whole pixels, as torchvision's `RandomResizedCrop` draws it. */
export const CropBox = Schema.Struct({
  top: Schema.Natural,
  left: Schema.Natural,
  height: Schema.Int.check(Schema.isGreaterThan(0)),
  width: Schema.Int.check(Schema.isGreaterThan(0))
})
export type CropBox = typeof CropBox.Type

/** The steps of a colour jitter. */
export const JitterStep = Schema.Literals(["brightness", "contrast", "saturation", "hue"])
export type JitterStep = typeof JitterStep.Type

const Factor = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * What is done to one image to make one view: plain data, so that it can be drawn anywhere, stored and compared.
 *
 * Crop and flip come first, then gray and jitter, then blur, then solarising. MoCo v2 mirrors after its blur; a Gaussian
 * is symmetric, so the two commute, and here the flip is part of the crop.
 */
export const AugmentationPlan = Schema.Struct({
  /** The box, in pixels of the image, that is stretched to the size that the encoder sees. */
  crop: CropBox,
  /** Mirror the view left to right. */
  flip: Schema.Boolean,
  /** Multiplies every value; 1 = none. */
  brightness: Factor,
  /** Multiplies the distance of every value to the image's mean gray; 1 = none. */
  contrast: Factor,
  /** Multiplies the distance of every value to its pixel's gray; 1 = none. */
  saturation: Factor,
  /** Turns the hue of every pixel, 1 being the whole circle; 0 = none. */
  hue: Schema.Finite.check(Schema.isBetween({ minimum: -0.5, maximum: 0.5 })),
  /** In which order the four of the jitter follow each other; what is not named is not done. */
  order: Schema.Array(JitterStep),
  /** Whether every pixel becomes its gray, and where. */
  gray: Schema.Literals(["none", "beforeJitter", "afterJitter"]),
  /** Standard deviation of the Gaussian blur in pixels of the view; 0 = none. */
  blur: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)),
  /** Values from this on are inverted; null = none. */
  solarize: Schema.NullOr(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))
})
export type AugmentationPlan = typeof AugmentationPlan.Type

/** The order of the jitter where none is drawn. */
export const fixedOrder: ReadonlyArray<JitterStep> = ["brightness", "contrast", "saturation", "hue"]

/** The plan that changes nothing. */
export const identity = (height: number, width: number): AugmentationPlan => ({
  crop: { top: 0, left: 0, height, width },
  flip: false,
  brightness: 1,
  contrast: 1,
  saturation: 1,
  hue: 0,
  order: fixedOrder,
  gray: "none",
  blur: 0,
  solarize: null
})
