import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { augmentationLaws, augmentationSizeLaws, mixedSource } from "@moco/data/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { imagesOf } from "./imagesOf.ts"
import { inColour, settings } from "./settings.ts"

const images = (height: number, width: number) =>
  layerSynthetic({ numTrain: 8, numTest: 1, height, width, channels: 3, numClasses: 4, seed: 3 })

/** The same images from a source that says that they might be of many sizes. */
const saidToBeMixed = (dataset: Layer.Layer<Dataset>) =>
  Layer.effect(
    Dataset,
    Effect.map(Dataset, (whole) =>
      Dataset.of({ ...whole, train: { ...whole.train, size: { kind: "mixed", sizeOf: undefined } } })
    )
  ).pipe(Layer.provide(dataset))

const variants = [
  ["layer", Augmentation.layer(settings)],
  ["layer in colour", Augmentation.layer({ ...settings, ...inColour })],
  ["layerNone", Augmentation.layerNone]
] as const
const backends = [
  ["cpu", Backend.layerCpu],
  ["tensorflow", Backend.layerTensorflow()]
] as const

for (const [variant, augmentation] of variants) {
  for (const [name, backend] of backends) {
    const over = (dataset: Layer.Layer<Dataset>) =>
      augmentation.pipe(Layer.provideMerge(dataset), Layer.provideMerge(Layer.orDie(backend)))
    const square = Dataset.seenAs({ height: 7, width: 7 })
    layer(over(images(6, 5)))(`Augmentation.${variant} on ${name}`, augmentationLaws)
    layer(over(images(6, 5).pipe(square)))(
      `Augmentation.${variant} on ${name}, of another size than the images`,
      augmentationSizeLaws
    )
    const mixed = over(saidToBeMixed(images(6, 5)))
    layer(mixed)(`Augmentation.${variant} on ${name}, of images of many sizes`, augmentationLaws)
  }
}

layer(Backend.layerCpu)("Augmentation of images of many sizes", (it) => {
  it.effect("sees each as if it were alone, and test images too", () =>
    Effect.gen(function* () {
      const { normalize, views } = yield* Augmentation
      const many = imagesOf((yield* Dataset).train)
      const keys = many.map((_, index) => ({ seed: 1, epoch: 0, index, view: 1 }))
      tf.tidy(() => {
        const alone = many.flatMap((image, row) => [...views([image], [keys[row]!]).dataSync()])
        assert.deepStrictEqual([...views(many, keys).dataSync()], alone)
        const tests = many.flatMap((image) => [...normalize([image]).dataSync()])
        assert.deepStrictEqual([...normalize(many).dataSync()], tests)
      })
    }).pipe(
      Effect.provide(
        Augmentation.layer({ ...settings, ...inColour }).pipe(
          Layer.provideMerge(
            Dataset.layerOf({ name: "mixed", train: mixedSource(11, 3), imageSize: { height: 4, width: 4 } })
          )
        )
      )
    )
  )
})
