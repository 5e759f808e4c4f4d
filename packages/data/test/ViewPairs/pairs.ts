import { Augmentation } from "@moco/data/Augmentation"
import { Dataset, type OwnDataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { mixedSource } from "@moco/data/testing"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { settings } from "../settings.ts"

export const numTrain = 11
export const batchSize = 3
export const synthetic = layerSynthetic({
  numTrain,
  numTest: 2,
  height: 6,
  width: 5,
  channels: 1,
  numClasses: 3,
  seed: 3
})
// TensorFlow blurs an image alone by another kernel than in a batch: the last bit differs, and views are compared.
export const augmented = Augmentation.layer({ ...settings, blur: 0 })
/** A batch as plain data, its tensors released. */
export const read = ({ batch }: ViewPairs["Service"], step: number) =>
  Effect.map(batch(step), ({ epoch, indices, views }) =>
    tf.tidy(() => {
      const { viewK_NHWC, viewQ_NHWC } = views()
      return { epoch, indices: [...indices], q: [...viewQ_NHWC.dataSync()], k: [...viewK_NHWC.dataSync()] }
    })
  )

/** Eleven images of many sizes in colour, without labels, seen at 4 x 4. */
export const mixed: OwnDataset = {
  name: "mixed",
  train: mixedSource(numTrain, 3),
  imageSize: { height: 4, width: 4 }
}

/** The batches of `steps`, as a data set gives them that is read as `own` says, `prefetch` batches ahead. */
export const batchesOf = (own: OwnDataset, steps: ReadonlyArray<number>, prefetch: number) =>
  Effect.flatMap(ViewPairs, (service) => Effect.forEach(steps, (step) => read(service, step))).pipe(
    Effect.provide(
      ViewPairs.layer({ seed: 1, batchSize, prefetch }).pipe(
        Layer.provide(augmented),
        Layer.provide(Dataset.layerOf(own))
      )
    ),
    Effect.scoped
  )
