import { Backend } from "@moco/core/Backend"
import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import { Dataset } from "@moco/data/Dataset"
import { Effect, Layer, Schema } from "effect"
import { jackknifeInterval } from "../bootstrap.ts"
import { adjustedRandIndex, normalisedMutualInformation } from "../clustering/agreement.ts"
import { kMeans } from "../clustering/kMeans.ts"
import { type Embedding, EncoderLayer } from "../Embedding.ts"
import { Evaluation, EveryEpochs, evaluationKind } from "../Evaluation.ts"
import { type Metric, measured } from "../Measurement.ts"
import { unitRows } from "../unitRows.ts"

const name = "clustering"

/** Settings of clustering. */
export const ClusteringSettings = Schema.Struct({
  everyEpochs: EveryEpochs,
  layer: Schema.optionalKey(EncoderLayer)
}).annotate({ description: "agreement of k-means clusters with the classes; null leaves it out" })
export type ClusteringSettings = typeof ClusteringSettings.Type

const metricsOf = ({ layer = "backbone" }: ClusteringSettings): ReadonlyArray<Metric> => {
  const where = `k-means of the evaluated images, as many clusters as classes, 10 beginnings; ${layer}, features of length 1`
  const of = (metric: string, unit: string, protocol: string): Metric => ({
    ...{ evaluation: name, metric, unit, higherIsBetter: true },
    protocol: `${protocol}; ${where}`
  })
  return [
    of(
      "normalised mutual information",
      "fraction",
      "mutual information of clusters and classes over the mean of their entropies"
    ),
    of(
      "adjusted Rand index",
      "",
      "pairs that are together in both or in none, 0 by chance and 1 where they are the same"
    )
  ]
}

const agreements = [normalisedMutualInformation, adjustedRandIndex]
const seed = 0
/** Of the jackknife. */
const groups = 10

/** How well clusters that k-means finds without labels agree with the classes. */
export const layer = (settings: ClusteringSettings) =>
  Layer.effect(
    Evaluation,
    Effect.gen(function* () {
      yield* Backend
      const { test } = yield* Dataset.labelled
      const numClusters = test.classes.length
      yield* Stage.check("Clustering", enoughImages(test.numImages, numClusters))
      const metrics = metricsOf(settings)
      const evaluate = Effect.fn("Clustering.evaluate")(function* ({ rowsOf, subject }: Embedding) {
        const row_NC = yield* rowsOf("test", settings.layer ?? "backbone")
        const unit_NC = yield* Tensor.scoped("Clustering.unitRows", () => unitRows(row_NC))
        const { cluster_N } = yield* kMeans(unit_NC, numClusters, { seed })
        return metrics.map((metric, i) => {
          const value = agreements[i]!(test.labels, cluster_N)
          const interval = intervalOf(agreements[i]!, test.labels, cluster_N)
          return measured(metric, subject, value, { numImages: test.numImages, ...interval })
        })
      }, Effect.scoped)
      return Evaluation.of({ name, everyEpochs: settings.everyEpochs, metrics, evaluate })
    })
  )

/**
 * By leaving images out, and not by drawing them again: an image that stands twice agrees with itself, so that mutual
 * information would rise with every resample. None of one image.
 */
const intervalOf = (agreement: (typeof agreements)[number], labels: Int32Array, cluster_N: Int32Array) => {
  if (labels.length < 2) return {}
  const { high, low } = jackknifeInterval(
    (rows) =>
      agreement(
        rows.map((row) => labels[row]!),
        rows.map((row) => cluster_N[row]!)
      ),
    labels.length,
    { groups: Math.min(groups, labels.length) }
  )
  return { interval: { low, high: Math.min(1, high) } }
}

const enoughImages = (numImages: number, numClusters: number): Stage.Need =>
  Stage.that(
    numImages >= numClusters,
    "images",
    numImages,
    `must be at least ${numClusters}, the classes`,
    "give more images to evaluate on, or leave evaluations.clustering out"
  )

/** What a config names `evaluations.clustering`. */
export const clustering = evaluationKind({
  name,
  Settings: ClusteringSettings,
  configure: (settings) => ({ metrics: metricsOf(settings), needs: () => [], layer: layer(settings) })
})
