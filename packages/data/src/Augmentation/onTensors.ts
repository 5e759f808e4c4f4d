import * as tf from "@tensorflow/tfjs-core"
import type { AugmentationPlan } from "../AugmentationPlan.ts"
import type { Dataset } from "../Dataset.ts"
import type { Images } from "../ImageSource.ts"
import { toTensor } from "../ImageTensors.ts"
import { blur } from "./Blur.ts"
import { colorJitter } from "./ColorJitter.ts"
import { cropAndFlip } from "./Crop.ts"

/**
 * Makes views of images by their plans, one for each: normalised float32 of the encoder's input. Pure; the tensor belongs
 * to the caller. A view depends on its image and plan alone.
 */
export type Augment = (images: Images, plans: ReadonlyArray<AugmentationPlan>) => tf.Tensor4D

/**
 * Crop and flip, brightness, contrast, blur and normalisation of images of one size, a whole batch at a time: what else a
 * plan may ask for, saturation, hue, gray, solarising and another order, is not done here (`onHost`).
 *
 * @throws RangeError when the images are not of one size
 */
export const onTensors =
  ({ input, mean, std }: Pick<Dataset["Service"], "input" | "mean" | "std">): Augment =>
  (images, plans) =>
    tf.tidy(() => {
      const image_NHWC = toTensor(images, input.channels)
      const view_NHWC = blur(colorJitter(cropAndFlip(image_NHWC, plans, input), plans), plans)
      return tf.div(tf.sub(view_NHWC, tf.tensor1d([...mean])), tf.tensor1d([...std]))
    })
