import { loadedLibrary } from "@moco/native/NativeLibrary"
import * as tf from "@tensorflow/tfjs-core"
import type { AugmentationPlan, JitterStep } from "../AugmentationPlan.ts"
import type { Dataset } from "../Dataset.ts"
import type { Image, Images } from "../ImageSource.ts"
import { blurImage } from "./Blur.ts"
import { brightness, contrast, grayscale, hue, saturation, solarize } from "./colour.ts"
import { isNative, nativeViews } from "./nativeViews.ts"
import type { Augment } from "./onTensors.ts"
import { rememberedSides, resample, type SidesOf } from "./resample.ts"

type Seen = Dataset["Service"]["input"]

type Form = Pick<Dataset["Service"], "input" | "mean" | "std">

/**
 * Everything that a plan can ask for, image by image on the host; images may be of any sizes. By the project's addon on
 * all threads where it has been loaded, else here; a view is the same to the bit.
 */
export const onHost = (dataset: Form): Augment => {
  const { channels, height, width } = dataset.input
  return (images, plans) => {
    const native = loadedLibrary()?.images
    const views =
      native !== undefined && isNative(dataset.input, plans)
        ? nativeViews(native, images, plans, dataset)
        : viewsHere(images, plans, dataset)
    return tf.tensor4d(views, [images.length, height, width, channels])
  }
}

/** A view of every image, one after the other: what the addon is held against. */
export const viewsHere = (
  images: Images,
  plans: ReadonlyArray<AugmentationPlan>,
  { input, mean, std }: Form
): Float32Array => {
  const size = input.height * input.width * input.channels
  const views = new Float32Array(images.length * size)
  const sidesOf = rememberedSides()
  images.forEach((image, row) => {
    views.set(viewOf(image, plans[row]!, input, sidesOf), row * size)
  })
  standardise(views, mean, std)
  return views
}

/** One view in 0..1. */
const viewOf = (image: Image, plan: AugmentationPlan, input: Seen, sidesOf: SidesOf): Float32Array => {
  const { blur, gray, order, solarize: threshold } = plan
  let values = resample(image, input.channels, plan, input, sidesOf)
  if (gray === "beforeJitter") values = grayscale(values)
  for (const step of order) values = jitter[step](values, plan, input.channels)
  if (gray === "afterJitter") values = grayscale(values)
  values = blurImage(values, input, blur)
  return threshold === null ? values : solarize(values, threshold)
}

type Jitter = (values_HWC: Float32Array, plan: AugmentationPlan, channels: number) => Float32Array

const jitter: Readonly<Record<JitterStep, Jitter>> = {
  brightness: (values_HWC, plan) => brightness(values_HWC, plan.brightness),
  contrast: (values_HWC, plan, channels) => contrast(values_HWC, channels, plan.contrast),
  saturation: (values_HWC, plan) => saturation(values_HWC, plan.saturation),
  hue: (values_HWC, plan) => hue(values_HWC, plan.hue)
}

/** In place; each step is rounded to float32, as a tensor's is: an image that is left as it is comes out alike on both. */
const standardise = (
  values_NHWC: Float32Array,
  mean: ReadonlyArray<number>,
  std: ReadonlyArray<number>
): void => {
  const channels = mean.length
  mean.forEach((ofChannel, channel) => {
    const [from, by] = [Math.fround(ofChannel), Math.fround(std[channel]!)]
    for (let at = channel; at < values_NHWC.length; at += channels) {
      values_NHWC[at] = Math.fround(values_NHWC[at]! - from) / by
    }
  })
}
