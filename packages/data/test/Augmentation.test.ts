import { assert, layer, type Vitest } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Augmentation } from "@moco/data/Augmentation"
import { identity } from "@moco/data/AugmentationPlan"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { augmentationLaws, augmentationSizeLaws } from "@moco/data/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { tensorOf } from "./imagesOf.ts"
import { settings } from "./settings.ts"

const images = (height: number, width: number) =>
  layerSynthetic({ numTrain: 8, numTest: 1, height, width, channels: 3, numClasses: 4, seed: 3 })

/** What the augmentations of this package have beside what every one has. */
const ownLaws = (it: Vitest.MethodsNonLive<Augmentation | Backend | Dataset>) => {
  it.effect("changes nothing but the scale when the plan is empty", () =>
    Effect.gen(function* () {
      const { apply, normalize } = yield* Augmentation
      const { input, train } = yield* Dataset
      tf.tidy(() => {
        const image_NHWC = tensorOf(train)
        const plans = Array.from({ length: train.numImages }, () => identity(input.height, input.width))
        const [view, image] = [apply(image_NHWC, plans), normalize(image_NHWC)]
        assert.deepStrictEqual([...view.dataSync()], [...image.dataSync()])
      })
    })
  )
}

const variants = [
  ["layer", Augmentation.layer(settings)],
  ["layerNone", Augmentation.layerNone]
] as const
const backends = [
  ["cpu", Backend.layerCpu],
  ["tensorflow", Backend.layerTensorflow()]
] as const

for (const [variant, augmentation] of variants) {
  for (const [name, backend] of backends) {
    const live = augmentation.pipe(Layer.provideMerge(images(6, 5)), Layer.provideMerge(Layer.orDie(backend)))
    layer(live)(`Augmentation.${variant} on ${name}`, (it) => {
      augmentationLaws(it)
      ownLaws(it)
    })
    const other = augmentation.pipe(
      Layer.provideMerge(images(6, 5).pipe(Dataset.seenAs({ height: 7, width: 7 }))),
      Layer.provideMerge(Layer.orDie(backend))
    )
    layer(other)(`Augmentation.${variant} on ${name}, of another size than the images`, augmentationSizeLaws)
  }
}
