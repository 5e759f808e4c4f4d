import type { TensorError } from "@moco/core/Tensor"
import type { ImageReadError } from "@moco/data/ImageSource"
import type * as tf from "@tensorflow/tfjs-core"
import { Context, type Effect } from "effect"

/** Turns normalised images into representations, one row each. Pure; rows need not be normalised. */
export type Represent = (image_NHWC: tf.Tensor4D) => tf.Tensor2D

/** Accuracy on the images to be judged, 0 to 1, by number of neighbours. */
export interface KnnAccuracy {
  readonly k: number
  readonly accuracy: number
}

/** Judges a frozen representation by labels that training never saw. */
export class Evaluation extends Context.Service<
  Evaluation,
  {
    readonly judge: (
      represent: Represent
    ) => Effect.Effect<ReadonlyArray<KnnAccuracy>, TensorError | ImageReadError>
  }
>()("@moco/train/Evaluation") {}
