import type { CounterRandom } from "@moco/core/CounterRandom"
import * as tf from "@tensorflow/tfjs-core"
import type { AugmentationPlan } from "../AugmentationPlan.ts"

/** Draws a factor like torchvision's `ColorJitter`: uniform in `max(0, 1 - strength)` .. `1 + strength`. */
export const drawFactor = (random: CounterRandom, strength: number): number => {
  const min = Math.max(0, 1 - strength)
  return min + random.uniform() * (1 + strength - min)
}

/** Weights of red, green and blue in gray (ITU-R BT.601). */
export const grayWeights = [0.299, 0.587, 0.114] as const

/**
 * Brightness, then contrast: `clip(brightness * x)`, `clip(contrast * x + (1 - contrast) * m)`, where m is the mean
 * gray of the image after the brightness step. torchvision draws the order of the two; here it is fixed (`onHost` does it
 * in any). Where every factor is 1, `image_NHWC` itself is returned.
 *
 * @param image_NHWC  float32 in 0..1, 1 or 3 channels;  @param plans  one per image
 */
export const colorJitter = (image_NHWC: tf.Tensor4D, plans: ReadonlyArray<AugmentationPlan>): tf.Tensor4D => {
  if (plans.every(({ brightness, contrast }) => brightness === 1 && contrast === 1)) return image_NHWC
  const brightness_N111 = factors(plans.map((plan) => plan.brightness))
  const contrast_N111 = factors(plans.map((plan) => plan.contrast))
  // Nothing is negative yet, so one end is enough: a clip of both ends is two passes.
  const bright_NHWC = tf.minimum<tf.Tensor4D>(tf.mul(image_NHWC, brightness_N111), 1)
  const offset_N111 = tf.mul(tf.sub(1, contrast_N111), meanGray(bright_NHWC))
  return tf.clipByValue(tf.add<tf.Tensor4D>(tf.mul(bright_NHWC, contrast_N111), offset_N111), 0, 1)
}

const factors = (values: ReadonlyArray<number>) =>
  tf.tensor4d(Float32Array.from(values), [values.length, 1, 1, 1])

/** Gray is linear in the channels, so the mean comes first: no gray image is made. */
const meanGray = (image_NHWC: tf.Tensor4D): tf.Tensor4D => {
  const mean_N11C = tf.mean<tf.Tensor4D>(image_NHWC, [1, 2], true)
  return image_NHWC.shape[3] === 3
    ? tf.sum(tf.mul(mean_N11C, tf.tensor1d([...grayWeights])), 3, true)
    : mean_N11C
}
