import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { TensorLeak, tinyResNet } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as Embedding from "@moco/evaluation/Embedding"
import { Evaluation } from "@moco/evaluation/Evaluation"
import { measure } from "@moco/evaluation/Evaluation/measure"
import { configured, type EvaluationSettings, kinds } from "@moco/evaluation/evaluationKinds"
import { inspect } from "@moco/evaluation/Inspection/inspect"
import { baselines, trained } from "@moco/evaluation/subjects"
import { Effect, Layer } from "effect"

const ceiling = { everyEpochs: 1, labels: [1], epochs: 2, learningRate: 0.1, batchSize: 16 }
const all = {
  knn: { everyEpochs: 1, k: [5], temperature: 0.1 },
  linear: { everyEpochs: 1, labels: [1, 0.1], layer: "head" },
  retrieval: { everyEpochs: 1, k: [5] },
  clustering: { everyEpochs: 1, layer: "head" },
  pretext: { everyEpochs: 1, numImages: 20 },
  spectrum: { everyEpochs: 1, numImages: 20 },
  fineTune: ceiling,
  supervised: ceiling
} satisfies EvaluationSettings
/** What puts images through the encoder again and again. */
const crops = { linear: { ...all.linear, fit: "sgdCrops", epochs: 2 } } satisfies EvaluationSettings

const encoder = Layer.mergeAll(
  QueryEncoder.layer(ResNet.make(tinyResNet, 1), 1),
  ViewPairs.layer({ seed: 1, batchSize: 8 })
).pipe(
  Layer.provideMerge(Augmentation.layerNone),
  Layer.provideMerge(
    layerSynthetic({ numTrain: 40, numTest: 20, height: 8, width: 8, channels: 1, numClasses: 4, seed: 4 })
  ),
  Layer.provideMerge(Backend.layerTensorflow({ threads: 2 }))
)

const bytesNow = Effect.map(QueryEncoder, (query) => {
  const { parameters, statistics } = weightsOf(query)
  return Object.entries({ ...parameters, ...statistics }).map(
    ([name, tensor]) => [name, tensor, tensor.dataSync().slice()] as const
  )
})

describe("An encoder that is evaluated", () => {
  for (const [title, { layer, name }] of [
    ...configured(all).map((evaluation) => [evaluation.name, evaluation] as const),
    ...configured(crops).map((evaluation) => ["linear on crops", evaluation] as const)
  ]) {
    it.effect(`keeps every byte of its weights through ${title}, and so do the baselines' measurements`, () =>
      Effect.gen(function* () {
        const evaluation = yield* Evaluation
        const before = yield* bytesNow
        const measured = (subject: Embedding.Subject) =>
          Embedding.open(subject).pipe(
            Effect.flatMap((embedding) => measure(evaluation, embedding)),
            Effect.scoped,
            TensorLeak.check
          )
        const ofTrained = yield* measured(yield* trained)
        for (const baseline of yield* baselines) {
          const found = yield* Effect.scoped(Effect.flatMap(baseline.make, measured))
          const isUntrained = baseline.subject === "untrained encoder"
          const isMeasured = isUntrained || !["supervised", "fineTune"].includes(name)
          assert.lengthOf(found, isMeasured ? evaluation.metrics.length : 0, baseline.subject)
          // It was not trained yet.
          if (isUntrained && name !== "supervised") {
            assert.deepStrictEqual(
              found.map(({ value }) => value),
              ofTrained.map(({ value }) => value)
            )
          }
        }
        assert.lengthOf(ofTrained, name === "supervised" ? 0 : evaluation.metrics.length)
        assert.deepStrictEqual(yield* bytesNow, before)
      }).pipe(Effect.provide(Layer.provideMerge(layer, encoder)))
    )
  }

  it("is evaluated here in every way that a config can name", () => {
    assert.deepStrictEqual(
      Object.keys(all),
      kinds.map(({ name }) => name)
    )
  })

  it.effect("keeps every byte of its weights where it is looked at", () =>
    Effect.gen(function* () {
      const before = yield* bytesNow
      yield* inspect(1)
      assert.deepStrictEqual(yield* bytesNow, before)
    }).pipe(Effect.provide(encoder))
  )
})
