import { type AugmentationSettings, withoutColour } from "./settings.ts"

/** What a setting of a blur is where nothing is blurred. */
const withoutBlur = { blur: 0, blurSigma: { min: 0.1, max: 2 } } as const
const cropRatio = { min: 3 / 4, max: 4 / 3 } as const

/** Views of images in shades of gray: those of the quick recipe, chosen on Fashion-MNIST. */
export const gray: AugmentationSettings = {
  cropScale: { min: 0.5, max: 1 },
  cropRatio,
  flip: 0.5,
  jitter: 0.8,
  brightness: 0.4,
  contrast: 0.4,
  ...withoutColour,
  ...withoutBlur
}

/** MoCo v1 on ImageNet (He et al. 2020): every view is jittered, and its gray comes before. */
export const mocoV1: AugmentationSettings = {
  ...withoutColour,
  ...withoutBlur,
  cropScale: { min: 0.2, max: 1 },
  cropRatio,
  flip: 0.5,
  jitter: 1,
  brightness: 0.4,
  contrast: 0.4,
  saturation: 0.4,
  hue: 0.4,
  jitterOrder: "random",
  gray: 0.2,
  grayBeforeJitter: true
}

/** Instance discrimination on ImageNet (Wu et al. 2018): what MoCo v1 has taken over. */
export const instDisc: AugmentationSettings = mocoV1

/** Instance discrimination on CIFAR-10, by its authors' code: nothing is mirrored, and the gray comes after the jitter. */
export const instDiscCifar: AugmentationSettings = { ...instDisc, flip: 0, grayBeforeJitter: false }

/** MoCo v2 on ImageNet (Chen et al. 2020): less hue, gray after the jitter, and blur. */
export const mocoV2: AugmentationSettings = {
  ...mocoV1,
  jitter: 0.8,
  hue: 0.1,
  grayBeforeJitter: false,
  blur: 0.5,
  blurSigma: { min: 0.1, max: 2 }
}

/** The authors' notebook on CIFAR-10, at 32 pixels: smaller crops and no blur. */
export const notebook: AugmentationSettings = {
  ...mocoV2,
  ...withoutBlur,
  cropScale: { min: 0.08, max: 1 }
}

/**
 * The first view of BYOL on ImageNet (Grill et al. 2020, appendix B): always blurred, and never solarised. A run makes both of
 * its views by one preset, where BYOL has two.
 */
export const byolFirst: AugmentationSettings = {
  ...mocoV2,
  cropScale: { min: 0.08, max: 1 },
  saturation: 0.2,
  blur: 1
}

/** The second view of BYOL: seldom blurred, and at times solarised, which comes last. */
export const byolSecond: AugmentationSettings = { ...byolFirst, blur: 0.1, solarize: 0.2 }
