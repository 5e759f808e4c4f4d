import * as Stage from "@moco/core/Stage"
import type { Dataset } from "../Dataset.ts"
import { cropProblem } from "./Crop.ts"
import { AugmentationSettings } from "./settings.ts"

const distance = "the largest distance of the factor to 1"
const fields = {
  flip: "it is a probability",
  jitter: "it is a probability",
  gray: "it is a probability",
  blur: "it is a probability",
  solarize: "it is a probability",
  brightness: distance,
  contrast: distance,
  saturation: distance,
  hue: "the largest turn of the hue, of 1 for the whole circle",
  solarizeThreshold: "the value from which on a pixel is inverted"
} as const
const ranges = ["cropScale", "cropRatio", "blurSigma"] as const
/** What gray images have none of. */
const ofColour = ["saturation", "hue", "gray"] as const

const { fields: bounds } = AugmentationSettings

const entriesOf = Object.entries as <Key extends string, Value>(
  record: Readonly<Record<Key, Value>>
) => ReadonlyArray<readonly [Key, Value]>

/** What the settings must be like, for themselves and for the images of `dataset`. */
export const needsOf = (
  settings: AugmentationSettings,
  { train: { channels, size } }: Dataset["Service"]
): ReadonlyArray<Stage.Need> => {
  // Of images of many sizes some may be too small: such an image gives the largest box that it has.
  const crop =
    size.kind === "fixed"
      ? cropProblem(settings.cropScale, settings.cropRatio, size.height, size.width)
      : undefined
  return [
    ...entriesOf(fields).map(([field, hint]) => Stage.setting(field, bounds[field], settings[field], hint)),
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
    ...ofColour.map((field) =>
      Stage.that(
        channels === 3 || settings[field] === 0,
        field,
        settings[field],
        `is of images of 3 channels, red, green and blue; these have ${channels}`,
        `set augmentation.${field} to 0: there is no colour that it could change`
      )
    ),
    Stage.that(crop === undefined, "cropScale", settings.cropScale, crop?.problem ?? "", crop?.hint ?? "")
  ]
}
