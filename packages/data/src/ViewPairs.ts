import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import * as Stage from "@moco/core/Stage"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Schema } from "effect"
import { rehearse } from "./Augmentation/rehearse.ts"
import { Augmentation } from "./Augmentation.ts"
import { Dataset, toTensor } from "./Dataset.ts"

/** No batch of this size can be drawn from the training set. */
export class BatchSizeInvalid extends Schema.TaggedError<BatchSizeInvalid>()("BatchSizeInvalid", {
  batchSize: Schema.Number,
  numTrain: Schema.Int
}) {
  override get message() {
    return `a batch of ${this.batchSize} images cannot be drawn from a training set of ${this.numTrain}\n  choose a batch size of 1 to ${this.numTrain}`
  }
}

/** Two views of every image of a batch. Row n of both views shows image `indices[n]`. */
export interface ViewBatch {
  /** Counted from 0 over the whole run. */
  readonly step: number
  readonly epoch: number
  /** Positions in the training set. */
  readonly indices: Int32Array
  /** float32, normalised. */
  readonly viewQ_NHWC: tf.Tensor4D
  /** float32, normalised. */
  readonly viewK_NHWC: tf.Tensor4D
}

/** The training set as a sequence of batches that can be read from any step. */
export class ViewPairs extends Context.Service<
  ViewPairs,
  {
    /** Full batches in an epoch; the images that are left over are other ones in every epoch. */
    readonly stepsPerEpoch: number
    /** Pure: a function of (seed, step). The two tensors belong to the caller. */
    readonly batch: (step: number) => ViewBatch
  }
>()("@moco/data/ViewPairs") {
  /** @param settings  `seed`: unsigned 32-bit integer; `batchSize`: images */
  static readonly layer = (settings: { readonly seed: number; readonly batchSize: number }) =>
    Layer.effect(
      ViewPairs,
      Effect.gen(function* () {
        const dataset = yield* Dataset.checked
        const augmentation = yield* Augmentation
        yield* Backend
        const { batchSize, seed } = settings
        yield* Stage.check("ViewPairs", Stage.seed(seed))
        const { numImages } = dataset.train
        if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > numImages) {
          return yield* new BatchSizeInvalid({ batchSize, numTrain: numImages })
        }
        yield* rehearse(augmentation, dataset, seed)
        const stepsPerEpoch = Math.floor(numImages / batchSize)
        const orderOf = sampleOrder(seed, numImages)
        const batch = (step: number): ViewBatch => {
          const epoch = Math.floor(step / stepsPerEpoch)
          const first = (step % stepsPerEpoch) * batchSize
          const indices = orderOf(epoch).slice(first, first + batchSize)
          const plans = (view: number) =>
            Array.from(indices, (index) => augmentation.draw({ seed, epoch, index, view }))
          const [viewQ_NHWC, viewK_NHWC] = tf.tidy(() => {
            const image_NHWC = toTensor(dataset.train, indices)
            return [
              augmentation.apply(image_NHWC, plans(0)),
              augmentation.apply(image_NHWC, plans(1))
            ] as const
          })
          return { step, epoch, indices, viewQ_NHWC, viewK_NHWC }
        }
        return ViewPairs.of({ stepsPerEpoch, batch })
      })
    )
}

/** The order of the images in an epoch. Steps come mostly in order, so one epoch's order is remembered. */
const sampleOrder = (seed: number, numImages: number) => {
  let cached: { readonly epoch: number; readonly order: Int32Array } | undefined
  return (epoch: number): Int32Array => {
    if (cached?.epoch !== epoch) {
      const random = CounterRandom.make(seed, CounterRandom.Purpose.sampleOrder, epoch)
      cached = { epoch, order: CounterRandom.permutation(random, numImages) }
    }
    return cached.order
  }
}
