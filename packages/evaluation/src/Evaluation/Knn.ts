import { Backend } from "@moco/core/Backend"
import { dictionarySize, temperature } from "@moco/core/Setting"
import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import { Dataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema } from "effect"
import { type Embedding, EncoderLayer } from "../Embedding.ts"
import { Evaluation, EveryEpochs, evaluationKind } from "../Evaluation.ts"
import { exactNeighbours } from "../exactNeighbours.ts"
import type { Metric } from "../Measurement.ts"
import { floatsOf } from "../onHost.ts"
import { voteOfNeighbours } from "../voteOfNeighbours.ts"
import { accuracyOf } from "./accuracy.ts"
import { knnNeeds } from "./knnNeeds.ts"
import { comparisons, Nearness } from "./nearness.ts"

const name = "knn"

/** Settings of the kNN monitor. */
export const KnnSettings = Schema.Struct({
  everyEpochs: EveryEpochs,
  k: Schema.Array(dictionarySize).check(Schema.isMinLength(1), Schema.isMaxLength(100)).annotate({
    description: "numbers of neighbours that vote; 200 is the literature's, 20 blurs less in a small bank",
    unit: "images"
  }),
  temperature: temperature.annotate({
    description: "sharpness of the votes; 0.1 in the literature",
    unit: "unitless"
  }),
  layer: Schema.optionalKey(EncoderLayer),
  metric: Schema.optionalKey(Nearness)
}).annotate({ description: "weighted k-nearest-neighbour classification; null leaves it out" })
export type KnnSettings = typeof KnnSettings.Type

/**
 * Part of the evaluated images whose label the k nearest training images name.
 *
 * @param temperature  absent where it is not known: of a log that did not tell it
 */
export const knnAccuracy = (
  k: number,
  temperature?: number,
  { layer = "backbone", metric = "cosine" }: Pick<KnnSettings, "layer" | "metric"> = {}
): Metric => ({
  evaluation: name,
  metric: `kNN accuracy (k = ${k})`,
  unit: "fraction",
  higherIsBetter: true,
  protocol:
    `the label with the most votes of the ${k} nearest training images; ` +
    `${comparisons[metric].inWords(temperature ?? "temperature")}${layer === "head" ? "; of the head" : ""}`
})

/**
 * Weighted k-nearest-neighbour classification (Wu et al. 2018, section 3.4; the authors' kNN monitor).
 *
 * The bank is every training image with its label, under the test transform; similarity is cosine; a neighbour
 * votes with exp(similarity / temperature).
 */
export const layer = (settings: KnnSettings) =>
  Layer.effect(
    Evaluation,
    Effect.gen(function* () {
      yield* Backend
      const { test, train } = yield* Dataset.labelled
      yield* Stage.check("Knn", ...knnNeeds(settings, train.numImages))
      const metrics = metricsOf(settings)
      const kMax = Math.max(...settings.k)
      const comparison = comparisons[settings.metric ?? "cosine"]

      /** The class that the first k neighbours of each query name. */
      const saidBy = ({ index_NK, similarity_NK }: Voters, k: number) =>
        Array.from({ length: test.numImages }, (_, row) =>
          voteOfNeighbours(
            index_NK.subarray(row * kMax, row * kMax + k),
            similarity_NK.subarray(row * kMax, row * kMax + k),
            train.labels,
            comparison.temperature(settings.temperature),
            train.classes.length
          )
        )

      const evaluate = Effect.fn("Knn.evaluate")(function* ({ rowsOf, subject }: Embedding) {
        const { layer = "backbone" } = settings
        const test_NC = yield* rowsOf("test", layer)
        const train_BC = yield* rowsOf("train", layer)
        const query_NC = yield* Tensor.scoped("Knn.queries", () => comparison.queries(test_NC))
        const bank_BC = yield* Tensor.scoped("Knn.bank", () => comparison.bank(train_BC))
        const found = yield* exactNeighbours(query_NC, bank_BC, kMax)
        return yield* Tensor.run("Knn.votes", () => {
          const squared_N = floatsOf(() => tf.sum(tf.square(test_NC), 1))
          const similarity_NK = Float32Array.from(found.similarity_NK, (product, at) =>
            comparison.similarity(product, squared_N[Math.floor(at / kMax)]!)
          )
          return metrics.map((metric, i) =>
            accuracyOf(
              metric,
              subject,
              saidBy({ index_NK: found.index_NK, similarity_NK }, settings.k[i]!),
              test.labels
            )
          )
        })
      }, Effect.scoped)

      return Evaluation.of({ name, everyEpochs: settings.everyEpochs, metrics, evaluate })
    })
  )

/** Bank rows of the neighbours of each query, nearest first, and their similarities. */
interface Voters {
  readonly index_NK: Int32Array
  readonly similarity_NK: Float32Array
}

const metricsOf = (settings: KnnSettings): ReadonlyArray<Metric> =>
  settings.k.map((count) => knnAccuracy(count, settings.temperature, settings))

/** What a config names `evaluations.knn`. */
export const knn = evaluationKind({
  name,
  Settings: KnnSettings,
  configure: (settings) => ({
    metrics: metricsOf(settings),
    needs: (numTraining) => knnNeeds(settings, numTraining),
    layer: layer(settings)
  })
})
