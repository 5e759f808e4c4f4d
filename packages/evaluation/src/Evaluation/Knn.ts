import { Backend } from "@moco/core/Backend"
import { dictionarySize, temperature } from "@moco/core/Setting"
import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import { Dataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema } from "effect"
import { type Embedding, EncoderLayer, type Part } from "../Embedding.ts"
import { Evaluation, EveryEpochs, evaluationKind } from "../Evaluation.ts"
import { type Metric, measured } from "../Measurement.ts"
import { voteOfNeighbours } from "../voteOfNeighbours.ts"
import { knnNeeds } from "./knnNeeds.ts"

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
  layer: Schema.optionalKey(EncoderLayer)
}).annotate({ description: "weighted k-nearest-neighbour classification; null leaves it out" })
export type KnnSettings = typeof KnnSettings.Type

/**
 * Part of the evaluated images whose label the k nearest training images name.
 *
 * @param temperature  absent where it is not known: of a log that did not tell it
 */
export const knnAccuracy = (k: number, temperature?: number): Metric => ({
  evaluation: name,
  metric: `kNN accuracy (k = ${k})`,
  unit: "fraction",
  higherIsBetter: true,
  protocol:
    `the label with the most votes of the ${k} nearest training images; similarity is cosine, a vote weighs ` +
    `exp(similarity / ${temperature ?? "temperature"})`
})

const batchSize = 500

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

      const votesOf = ({ indices_NK, similarities_NK }: Neighbours, stride: number, k: number) =>
        Array.from({ length: indices_NK.length / stride }, (_, row) =>
          voteOfNeighbours(
            indices_NK.subarray(row * stride, row * stride + k),
            similarities_NK.subarray(row * stride, row * stride + k),
            train.labels,
            settings.temperature,
            train.classes.length
          )
        )

      const evaluate = Effect.fn("Knn.evaluate")(function* (embedding: Embedding) {
        const rowsOf = (part: Part) =>
          Effect.flatMap(embedding.rowsOf(part, settings.layer ?? "backbone"), (row_NC) =>
            Tensor.scoped("Knn.unitRows", () => unitRows(row_NC))
          )
        const bank_BC = yield* rowsOf("train")
        const query_NC = yield* rowsOf("test")
        const correct = settings.k.map(() => 0)
        for (const [from, to] of chunks(test.numImages)) {
          const { indices_NK, similarities_NK } = yield* Tensor.run("Knn.neighbours", () =>
            nearest(tf.slice2d(query_NC, [from, 0], [to - from, -1]), bank_BC, kMax)
          )
          yield* Tensor.run("Knn.votes", () =>
            settings.k.forEach((k, i) => {
              const votes = votesOf({ indices_NK, similarities_NK }, kMax, k)
              correct[i]! += votes.filter((vote, row) => vote === test.labels[from + row]).length
            })
          )
          yield* Effect.yieldNow
        }
        return metrics.map((metric, i) => measured(metric, embedding.subject, correct[i]! / test.numImages))
      }, Effect.scoped)

      return Evaluation.of({ name, everyEpochs: settings.everyEpochs, metrics, evaluate })
    })
  )

const metricsOf = ({ k, temperature }: KnnSettings): ReadonlyArray<Metric> =>
  k.map((count) => knnAccuracy(count, temperature))

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

const chunks = (count: number): ReadonlyArray<readonly [number, number]> =>
  Array.from({ length: Math.ceil(count / batchSize) }, (_, chunk) => [
    chunk * batchSize,
    Math.min(count, (chunk + 1) * batchSize)
  ])

const unitRows = (row_NC: tf.Tensor2D): tf.Tensor2D =>
  tf.div(row_NC, tf.maximum(tf.norm(row_NC, 2, 1, true), 1e-12))

/** Bank rows and cosine similarities of the nearest neighbours of N queries, nearest first. */
interface Neighbours {
  readonly indices_NK: Int32Array
  readonly similarities_NK: Float32Array
}

const nearest = (query_NC: tf.Tensor2D, bank_BC: tf.Tensor2D, k: number): Neighbours => {
  const { indices, values } = tf.topk(tf.matMul(query_NC, bank_BC, false, true), k)
  return { indices_NK: indices.dataSync() as Int32Array, similarities_NK: values.dataSync() as Float32Array }
}
