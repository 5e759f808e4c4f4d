import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import * as Stage from "@moco/core/Stage"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Schema } from "effect"
import { rehearse } from "./Augmentation/rehearse.ts"
import { Augmentation } from "./Augmentation.ts"
import { Dataset } from "./Dataset.ts"
import type { ImageReadError, Images } from "./ImageSource.ts"
import { readAhead } from "./ViewPairs/readAhead.ts"

/** No batch of this size can be drawn from the training set. */
export class BatchSizeInvalid extends Schema.TaggedError<BatchSizeInvalid>()("BatchSizeInvalid", {
  batchSize: Schema.Number,
  numTrain: Schema.Int
}) {
  override get message() {
    return `a batch of ${this.batchSize} images cannot be drawn from a training set of ${this.numTrain}\n  choose a batch size of 1 to ${this.numTrain}`
  }
}

/** Two views of every image of a batch. Row n of both shows image `indices[n]`. */
export interface Views {
  /** float32, normalised. */
  readonly viewQ_NHWC: tf.Tensor4D
  /** float32, normalised. */
  readonly viewK_NHWC: tf.Tensor4D
}

/** The images of a step, read and still in host memory. */
export interface ViewBatch {
  /** Counted from 0 over the whole run. */
  readonly step: number
  readonly epoch: number
  /** Positions in the training set. */
  readonly indices: Int32Array
  /** Makes the two views. Pure and synchronous; the tensors belong to the caller. */
  readonly views: () => Views
}

/** What a {@link ViewPairs} is made of. */
export interface ViewPairsSettings {
  /** Unsigned 32-bit integer. */
  readonly seed: number
  /** Images. */
  readonly batchSize: number
  /** Batches whose images are read ahead, while steps are taken; what a batch holds does not depend on it. */
  readonly prefetch?: number
}

/** Enough for the reading of one batch to last longer than a step now and then. */
const usualPrefetch = 2

/** The training set as a sequence of batches that can be read from any step. */
export class ViewPairs extends Context.Service<
  ViewPairs,
  {
    /** Full batches in an epoch; the images that are left over are other ones in every epoch. */
    readonly stepsPerEpoch: number
    /**
     * The batch of a step: a function of (seed, step). May wait for its images, and may be interrupted meanwhile, so it
     * belongs before whatever a step must finish.
     */
    readonly batch: (step: number) => Effect.Effect<ViewBatch, ImageReadError>
  }
>()("@moco/data/ViewPairs") {
  static readonly layer = (settings: ViewPairsSettings) =>
    Layer.effect(
      ViewPairs,
      Effect.gen(function* () {
        const dataset = yield* Dataset.checked
        const augmentation = yield* Augmentation
        yield* Backend
        const { batchSize, prefetch = usualPrefetch, seed } = settings
        const hint = "batches that are read while steps are taken; 0 reads each in its step"
        yield* Stage.check("ViewPairs", Stage.seed(seed), Stage.count("prefetch", prefetch, hint, 0))
        const { numImages, read } = dataset.train
        if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > numImages) {
          return yield* new BatchSizeInvalid({ batchSize, numTrain: numImages })
        }
        yield* rehearse(augmentation, dataset, seed)
        const stepsPerEpoch = Math.floor(numImages / batchSize)
        const orderOf = sampleOrder(seed, numImages)
        const indicesOf = (step: number) => {
          const epoch = Math.floor(step / stepsPerEpoch)
          const first = (step % stepsPerEpoch) * batchSize
          return { epoch, indices: orderOf(epoch).slice(first, first + batchSize) }
        }
        const viewsOf = (epoch: number, indices: Int32Array, images: Images): Views => {
          const keysOf = (view: number) => Array.from(indices, (index) => ({ seed, epoch, index, view }))
          const [viewQ_NHWC, viewK_NHWC] = tf.tidy(() => [
            augmentation.views(images, keysOf(0)),
            augmentation.views(images, keysOf(1))
          ])
          return { viewQ_NHWC, viewK_NHWC }
        }
        const imagesOf = yield* readAhead((step) => read(indicesOf(step).indices), prefetch)
        const batch = (step: number) =>
          Effect.map(imagesOf(step), (images): ViewBatch => {
            const { epoch, indices } = indicesOf(step)
            return { step, epoch, indices, views: () => viewsOf(epoch, indices, images) }
          })
        return ViewPairs.of({ stepsPerEpoch, batch })
      })
    )
}

/** The order of the images in an epoch. Steps come mostly in order, so the orders of two epochs are remembered. */
const sampleOrder = (seed: number, numImages: number) => {
  const cached = new Map<number, Int32Array>()
  return (epoch: number): Int32Array => {
    const known = cached.get(epoch)
    if (known !== undefined) return known
    const random = CounterRandom.make(seed, CounterRandom.Purpose.sampleOrder, epoch)
    const order = CounterRandom.permutation(random, numImages)
    // What is read ahead may be of the next epoch already.
    const [oldest] = cached.keys()
    if (cached.size === 2) cached.delete(oldest!)
    cached.set(epoch, order)
    return order
  }
}
