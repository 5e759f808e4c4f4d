import { between, positiveUpTo } from "@moco/core/Setting"
import { Schema } from "effect"

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

const strength = (word: string, seen = "") =>
  between(0, 10).annotate({
    description: `largest distance of the ${word} factor to 1 (0 = unchanged; no factor is negative)${seen}`,
    unit: "unitless"
  })

const Fraction = positiveUpTo(1)
/** No image is a thousand times wider than high, and a wider blur leaves one gray of any image. */
const Ratio = positiveUpTo(1000)
const Sigma = positiveUpTo(1000)

const inColour = "; images in colour only"

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
  jitter: probability("probability of changing brightness, contrast, saturation and hue"),
  brightness: strength("brightness"),
  contrast: strength("contrast"),
  saturation: strength("saturation", inColour),
  hue: between(0, 0.5).annotate({
    description: `largest turn of the hue, in either direction (0 = unchanged, 0.5 = any hue; 0.1 in MoCo v2)${inColour}`,
    unit: "turns"
  }),
  jitterOrder: Schema.Literals(["fixed", "random"]).annotate({
    description:
      "fixed = brightness, contrast, saturation, hue; random = an order drawn for each view, as torchvision's"
  }),
  gray: probability(`probability of taking the colour away; 0.2 in MoCo v1 and v2${inColour}`),
  grayBeforeJitter: Schema.Boolean.annotate({
    description: "whether the colour is taken away before the jitter, as in MoCo v1, or after it, as in v2"
  }),
  blur: probability("probability of a Gaussian blur; 0.5 in MoCo v2, 0 in v1"),
  blurSigma: rangeOf(
    Sigma,
    "pixels",
    "standard deviation of the Gaussian blur in pixels; 0.1 to 2 in MoCo v2, at 224 pixels",
    "smallest standard deviation of the blur in pixels, e.g. 0.1",
    "largest standard deviation of the blur in pixels, e.g. 2"
  ),
  solarize: probability("probability of inverting bright pixels; 0.2 for one of BYOL's views, 0 in MoCo"),
  solarizeThreshold: between(0, 1).annotate({
    description: "the value from which on a pixel is inverted (0 = black, 1 = white)",
    unit: "part of white"
  })
})
export type AugmentationSettings = typeof AugmentationSettings.Type

/** The settings of colour at which a view is what it was before there were any. */
export const withoutColour = {
  saturation: 0,
  hue: 0,
  jitterOrder: "fixed",
  gray: 0,
  grayBeforeJitter: false,
  solarize: 0,
  solarizeThreshold: 0.5
} as const satisfies Partial<AugmentationSettings>

/** What gray images have none of, at the value at which nothing is done to it. */
export const grayHasNone = { saturation: 0, hue: 0, gray: 0 } as const satisfies Partial<AugmentationSettings>

/** The settings for images of so many channels: what gray ones have none of is left alone. */
export const settingsFor = (settings: AugmentationSettings, channels: number): AugmentationSettings =>
  channels === 3 ? settings : { ...settings, ...grayHasNone }

/** Whether some view may need what is done on the host alone: saturation, hue, an order of its own, gray, solarising. */
export const usesColour = (settings: AugmentationSettings): boolean =>
  settings.gray > 0 ||
  settings.solarize > 0 ||
  (settings.jitter > 0 && (settings.saturation > 0 || settings.hue > 0 || settings.jitterOrder === "random"))
