import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { tinyResNet } from "@moco/core/testing"
import { Augmentation, type PlanKey } from "@moco/data/Augmentation"
import { firstOwnView } from "@moco/data/AugmentationPlan"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as Embedding from "@moco/evaluation/Embedding"
import { Evaluation } from "@moco/evaluation/Evaluation"
import * as FineTune from "@moco/evaluation/Evaluation/FineTune"
import { measure } from "@moco/evaluation/Evaluation/measure"
import * as Pretext from "@moco/evaluation/Evaluation/Pretext"
import { type Views, viewFeatures } from "@moco/evaluation/linear/viewFeatures"
import { trained } from "@moco/evaluation/subjects"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"

/** Every view that is asked for, beside what the layers need. */
const watched = () => {
  const keys: Array<PlanKey> = []
  const augmentation = Layer.effect(
    Augmentation,
    Effect.map(Augmentation, (inner) =>
      Augmentation.of({
        ...inner,
        views: (images, given) => {
          keys.push(...given)
          return inner.views(images, given)
        }
      })
    )
  ).pipe(Layer.provide(Augmentation.layerNone))
  const layer = augmentation.pipe(
    Layer.provideMerge(
      layerSynthetic({ numTrain: 20, numTest: 10, height: 8, width: 8, channels: 1, numClasses: 2, seed: 4 })
    ),
    Layer.provideMerge(Backend.layerTensorflow({ threads: 2 }))
  )
  return { keys, layer }
}

const ofEncoder = Layer.mergeAll(
  QueryEncoder.layer(ResNet.make(tinyResNet, 1), 1),
  ViewPairs.layer({ seed: 1, batchSize: 8 })
)

const viewsIn = (keys: ReadonlyArray<PlanKey>) => [...new Set(keys.map(({ view }) => view))].toSorted()

describe("what an evaluation draws", () => {
  for (const [name, evaluation, views] of [
    ["Pretext", Pretext.layer({ everyEpochs: 1, numImages: 10 }), [firstOwnView, firstOwnView + 1]],
    [
      "FineTune",
      FineTune.layer({ everyEpochs: 1, labels: [1], epochs: 1, learningRate: 0.1, batchSize: 10 }),
      [firstOwnView]
    ]
  ] as const) {
    it.effect(`is no view that a run of any seed has seen: ${name}`, () => {
      const { keys, layer } = watched()
      return Effect.gen(function* () {
        // What is drawn to look at the stages is a run's.
        keys.length = 0
        yield* Effect.scoped(
          Effect.flatMap(Embedding.open(yield* trained), (embedding) =>
            Effect.flatMap(Evaluation, (service) => measure(service, embedding))
          )
        )
        assert.deepStrictEqual(viewsIn(keys), [...views])
      }).pipe(Effect.provide(Layer.mergeAll(evaluation, ofEncoder).pipe(Layer.provideMerge(layer))))
    })
  }

  it.effect("is no view that a run of any seed has seen: a probe on crops", () => {
    const { layer } = watched()
    return Effect.gen(function* () {
      const { train } = yield* Dataset.labelled
      const keys: Array<PlanKey> = []
      const views: Views = (images, given) => {
        keys.push(...given)
        return tf.zeros([images.length, 8, 8, 1])
      }
      const represent = (image_NHWC: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(image_NHWC, [-1, 64])
      yield* Effect.scoped(viewFeatures(represent, train, Int32Array.of(3, 1), views)(Int32Array.of(0, 1), 0))
      assert.deepStrictEqual(viewsIn(keys), [firstOwnView])
    }).pipe(Effect.provide(layer))
  })

  it.effect("lies behind the views of a run", () => {
    const { keys, layer } = watched()
    return Effect.gen(function* () {
      const { batch } = yield* ViewPairs
      const { viewK_NHWC, viewQ_NHWC } = (yield* batch(0)).views()
      tf.dispose([viewK_NHWC, viewQ_NHWC])
      assert.deepStrictEqual(viewsIn(keys), [0, 1])
      assert.isAbove(firstOwnView, 1)
    }).pipe(Effect.provide(ViewPairs.layer({ seed: 1, batchSize: 8 }).pipe(Layer.provideMerge(layer))))
  })
})
