import type { AugmentationSettings } from "@moco/data/Augmentation"
import { withoutColour } from "@moco/data/Augmentation/settings"

/** Settings under which every stage of an augmentation of gray images has something to do. */
export const settings: AugmentationSettings = {
  cropScale: { min: 0.2, max: 1 },
  cropRatio: { min: 3 / 4, max: 4 / 3 },
  flip: 0.5,
  jitter: 0.8,
  brightness: 0.4,
  contrast: 0.4,
  ...withoutColour,
  blur: 0.5,
  blurSigma: { min: 0.1, max: 2 }
}

/** With {@link settings}: all that is done to colours, too. */
export const inColour = {
  saturation: 0.4,
  hue: 0.1,
  jitterOrder: "random",
  gray: 0.2,
  grayBeforeJitter: false,
  solarize: 0.2,
  solarizeThreshold: 0.5
} as const satisfies Partial<AugmentationSettings>
