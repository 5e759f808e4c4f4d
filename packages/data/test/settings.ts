import type { AugmentationSettings } from "@moco/data/Augmentation"

/** Settings under which every stage of an augmentation has something to do. */
export const settings: AugmentationSettings = {
  cropScale: { min: 0.2, max: 1 },
  cropRatio: { min: 3 / 4, max: 4 / 3 },
  flip: 0.5,
  jitter: 0.8,
  brightness: 0.4,
  contrast: 0.4,
  blur: 0.5,
  blurSigma: { min: 0.1, max: 2 }
}
