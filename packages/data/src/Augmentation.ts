import * as Stage from "@moco/core/Stage"
import type * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer } from "effect"
import { needsOf } from "./Augmentation/needs.ts"
import { onHost } from "./Augmentation/onHost.ts"
import { onTensors } from "./Augmentation/onTensors.ts"
import { planOf, wholePlan } from "./Augmentation/plan.ts"
import { type AugmentationSettings, usesColour } from "./Augmentation/settings.ts"
import type { AugmentationPlan, PlanKey } from "./AugmentationPlan.ts"
import { Dataset } from "./Dataset.ts"
import type { Image, Images } from "./ImageSource.ts"

export { AugmentationSettings } from "./Augmentation/settings.ts"
export type { PlanKey } from "./AugmentationPlan.ts"

/** How images become what the encoder sees, `Dataset`'s `input`: views of them, or the images themselves. */
export class Augmentation extends Context.Service<
  Augmentation,
  {
    /**
     * One view of each image, normalised: float32 of the input's size, mean 0 and std 1 over the training set; the
     * tensor belongs to the caller. Pure: image n and key n alone decide view n, whatever else is in the batch and
     * whatever was made before. What is random in it is drawn from the key (`CounterRandom`).
     *
     * @throws RangeError when the number of keys is not the number of images
     */
    readonly views: (images: Images, keys: ReadonlyArray<PlanKey>) => tf.Tensor4D
    /**
     * What test images and the kNN bank get: the largest centred box of the input's form, stretched to the input's size
     * (an image of that size is left as it is), and normalisation. Pure; the tensor belongs to the caller.
     */
    readonly normalize: (images: Images) => tf.Tensor4D
  }
>()("@moco/data/Augmentation") {
  /** Random resized crop, flip, gray, brightness, contrast, saturation, hue, blur and solarising. */
  static readonly layer = (settings: AugmentationSettings) =>
    Layer.effect(
      Augmentation,
      Effect.gen(function* () {
        const dataset = yield* Dataset.checked
        yield* Stage.check("Augmentation", ...needsOf(settings, dataset))
        return serviceOf(dataset, usesColour(settings), (key, image) => planOf(settings, key, image))
      })
    )

  /** Every view is its image: without augmentation the pretext task needs no features (an ablation). */
  static readonly layerNone = Layer.effect(
    Augmentation,
    Effect.map(Dataset.checked, (dataset) =>
      serviceOf(dataset, false, (_, image) => wholePlan(dataset.input, image))
    )
  )
}

/**
 * Images of one size go through TensorFlow, a batch at a time. Images of many sizes, and the operations that only the
 * host has, are done image by image on the host. Which it is follows from settings and data set and never from the batch:
 * the two differ by float32's rounding.
 *
 * @param usesHost  whether views need what only the host has
 */
const serviceOf = (
  dataset: Dataset["Service"],
  usesHost: boolean,
  draw: (key: PlanKey, image: Image) => AugmentationPlan
): Augmentation["Service"] => {
  const isMixed = [dataset.train, dataset.test].some((source) => source?.size.kind === "mixed")
  const usual = isMixed ? onHost(dataset) : onTensors(dataset)
  const augment = usesHost ? onHost(dataset) : usual
  return Augmentation.of({
    views: (images, keys) => {
      if (keys.length !== images.length) {
        throw new RangeError(`Augmentation.views: ${keys.length} keys for ${images.length} images`)
      }
      return augment(
        images,
        images.map((image, row) => draw(keys[row]!, image))
      )
    },
    normalize: (images) =>
      usual(
        images,
        images.map((image) => wholePlan(dataset.input, image))
      )
  })
}
