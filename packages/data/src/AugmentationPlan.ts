import { Schema } from "effect"

/** Part of an image in whole pixels, as torchvision's `RandomResizedCrop` draws it. */
export const CropBox = Schema.Struct({
  top: Schema.Natural,
  left: Schema.Natural,
  height: Schema.Int.check(Schema.isGreaterThan(0)),
  width: Schema.Int.check(Schema.isGreaterThan(0))
})
export type CropBox = typeof CropBox.Type

const Factor = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * What is done to one image to make one view: plain data, so that it can be drawn anywhere, stored and compared.
 *
 * The stages run in the order of the fields. MoCo v2 mirrors after its blur; a Gaussian is symmetric, so the two
 * commute, and here the flip is part of the crop.
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
  /** Standard deviation of the Gaussian blur in pixels of the view; 0 = none. */
  blur: Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
})
export type AugmentationPlan = typeof AugmentationPlan.Type

/** The plan that changes nothing. */
export const identity = (height: number, width: number): AugmentationPlan => ({
  crop: { top: 0, left: 0, height, width },
  flip: false,
  brightness: 1,
  contrast: 1,
  blur: 0
})
