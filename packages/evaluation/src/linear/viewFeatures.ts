import { StageInvalid } from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import { Augmentation, type AugmentationSettings, type PlanKey } from "@moco/data/Augmentation"
import { gray } from "@moco/data/Augmentation/presets"
import { firstOwnView } from "@moco/data/AugmentationPlan"
import type { ImageReadError, ImageSource, Images } from "@moco/data/ImageSource"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { imagesAtOnce, type Represent } from "../Embedding.ts"
import { blocksOf } from "../unitRows.ts"
import type { BatchFeatures } from "./sgdProbe.ts"

/** One view of each image, by its key; the tensor belongs to the caller. */
export type Views = (images: Images, keys: ReadonlyArray<PlanKey>) => tf.Tensor4D

/** What the authors' `main_lincls.py` trains its classifier on: torchvision's `RandomResizedCrop` and a flip. */
export const authorsCrops: AugmentationSettings = {
  ...{ ...gray, jitter: 0 },
  cropScale: { min: 0.08, max: 1 },
  cropRatio: { min: 3 / 4, max: 4 / 3 },
  flip: 0.5
}

/** The authors' crops of the images of a run, at its size, normalised as by the data set. */
export const cropViews = Augmentation.pipe(
  Effect.map(({ views }): Views => views),
  Effect.provide(Augmentation.layer(authorsCrops)),
  // It is no augmentation of the config that is wrong here.
  Effect.catchTag("StageInvalid", ({ problem }) => {
    const hint = "let it be sgd, or raise data.imageSize"
    return Effect.fail(new StageInvalid({ stage: "Linear", field: "fit", value: "sgdCrops", problem, hint }))
  })
)

/** Of the views: others than the rest of the evaluations see. */
const seed = 0x11c5

/**
 * Features of views that are drawn anew for every image in every epoch. However large a batch is, images are read and
 * represented some at a time. Interruptible between these.
 *
 * @param rows  the training image that each row of the probe is of
 */
export const viewFeatures =
  (
    represent: Represent,
    { read }: Pick<ImageSource, "read">,
    rows: Int32Array,
    views: Views
  ): BatchFeatures<ImageReadError> =>
  (batch, epoch) =>
    Effect.gen(function* () {
      const parts: Array<tf.Tensor2D> = []
      for (const [from, to] of blocksOf(batch.length, imagesAtOnce)) {
        const indices = batch.subarray(from, to).map((row) => rows[row]!)
        const keys = Array.from(indices, (index) => ({ seed, epoch, index, view: firstOwnView }))
        const images = yield* read(indices)
        parts.push(yield* Tensor.scoped("Linear.views", () => represent(views(images, keys))))
        yield* Effect.yieldNow
      }
      return parts.length === 1
        ? parts[0]!
        : yield* Tensor.scoped("Linear.views", () => tf.concat2d(parts, 0))
    })
