import * as CounterRandom from "@moco/core/CounterRandom"
import { type AugmentationPlan, fixedOrder, identity, type PlanKey } from "../AugmentationPlan.ts"
import type { ImageSize } from "../ImageSource.ts"
import { drawSigma } from "./Blur.ts"
import { drawFactor } from "./ColorJitter.ts"
import { centredBox, drawCrop } from "./Crop.ts"
import type { AugmentationSettings } from "./settings.ts"

/** The plan of one view of an image of size `image`: a function of the settings and both, whatever was drawn before. */
export const planOf = (
  settings: AugmentationSettings,
  { epoch, index, seed, view }: PlanKey,
  { height, width }: ImageSize
): AugmentationPlan => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.augmentation, epoch, index, view)
  const crop = drawCrop(random, settings.cropScale, settings.cropRatio, height, width)
  const flip = random.uniform() < settings.flip
  const jitter = random.uniform() < settings.jitter
  const brightness = jitter ? drawFactor(random, settings.brightness) : 1
  const contrast = jitter ? drawFactor(random, settings.contrast) : 1
  const isBlurred = random.uniform() < settings.blur
  // From here on whatever is drawn is drawn for every view: no setting moves what another one draws.
  const sigma = drawSigma(random, settings.blurSigma)
  const saturation = drawFactor(random, settings.saturation)
  const hue = (2 * random.uniform() - 1) * settings.hue
  const order = CounterRandom.permutation(random, fixedOrder.length)
  const isGray = random.uniform() < settings.gray
  const isSolarized = random.uniform() < settings.solarize
  return {
    crop,
    flip,
    brightness,
    contrast,
    saturation: jitter ? saturation : 1,
    hue: jitter && settings.hue > 0 ? hue : 0,
    order:
      jitter && settings.jitterOrder === "random"
        ? Array.from(order, (place) => fixedOrder[place]!)
        : fixedOrder,
    gray: isGray ? (settings.grayBeforeJitter ? "beforeJitter" : "afterJitter") : "none",
    blur: isBlurred ? sigma : 0,
    solarize: isSolarized ? settings.solarizeThreshold : null
  }
}

/** The plan that cuts off nothing but what is beyond the input's form. */
export const wholePlan = (input: ImageSize, { height, width }: ImageSize): AugmentationPlan => {
  const ratio = input.width / input.height
  return { ...identity(height, width), crop: centredBox({ min: ratio, max: ratio }, height, width) }
}
