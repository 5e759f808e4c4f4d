import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { TensorLeak } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { toTensor } from "@moco/data/ImageTensors"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { imagesOf } from "../imagesOf.ts"
import { augmented, batchesOf, batchSize, mixed } from "./pairs.ts"

layer(Backend.layerCpu)("ViewPairs of images of many sizes", (it) => {
  it.effect("shows images of many sizes in the one that the encoder sees, each as if it were alone", () =>
    TensorLeak.check(
      Effect.gen(function* () {
        const batches = yield* batchesOf(mixed, [0, 1, 2], 2)
        const { views: viewsOf } = yield* Effect.provide(Augmentation, augmented)
        const { train } = yield* Dataset
        const alone = (index: number, view: number) =>
          tf.tidy(() => [
            ...viewsOf(imagesOf(train, [index]), [{ seed: 1, epoch: 0, index, view }]).dataSync()
          ])
        for (const { indices, k, q } of batches) {
          assert.deepStrictEqual([q.length, k.length], [3 * 48, 3 * 48])
          // Image i holds i everywhere: by its brightness a view tells its image, and its plan.
          const views = [0, 1].map((view) => indices.flatMap((index) => alone(index, view)))
          assert.deepStrictEqual([q, k], views)
        }
      }).pipe(Effect.provide(Dataset.layerOf(mixed)))
    )
  )

  it.effect("refuses an augmentation that keeps each image's own size, where the first are of two", () =>
    Effect.gen(function* () {
      const keeping = Layer.succeed(
        Augmentation,
        Augmentation.of({
          views: (images) => toTensor(images, 3),
          normalize: (images) => toTensor(images, 3)
        })
      )
      const views = ViewPairs.layer({ seed: 1, batchSize }).pipe(Layer.provide(keeping))
      const error = yield* Effect.flip(Effect.provide(ViewPairs, views))
      assert.strictEqual(error._tag, "StageInvalid")
      assert.include(error.message, 'shape of views(images, keys) = "[1,1,1,3]": must be [1,4,4,3]')
    }).pipe(Effect.provide(Dataset.layerOf(mixed)))
  )
})
