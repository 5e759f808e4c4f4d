import { Backend } from "@moco/core/Backend"
import { dictionarySize } from "@moco/core/Setting"
import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import { Dataset } from "@moco/data/Dataset"
import { Effect, Layer, Schema } from "effect"
import { type Embedding, EncoderLayer, type Part } from "../Embedding.ts"
import { Evaluation, EveryEpochs, evaluationKind } from "../Evaluation.ts"
import type { Metric } from "../Measurement.ts"
import { retrieve } from "../retrieval.ts"
import { unitRows } from "../unitRows.ts"
import { meanOf } from "./accuracy.ts"

const name = "retrieval"

/** Settings of retrieval. */
export const RetrievalSettings = Schema.Struct({
  everyEpochs: EveryEpochs,
  k: Schema.Array(dictionarySize).check(Schema.isMinLength(1), Schema.isMaxLength(100)).annotate({
    description: "numbers of images that are found, of which the part of the query's class is counted",
    unit: "images"
  }),
  layer: Schema.optionalKey(EncoderLayer)
}).annotate({ description: "precision and mean average precision of the nearest images; null leaves it out" })
export type RetrievalSettings = typeof RetrievalSettings.Type

const metricsOf = ({ k, layer = "backbone" }: RetrievalSettings): ReadonlyArray<Metric> => {
  const where = `each evaluated image asks for training images, by cosine; ${layer}, test transform`
  const of = (metric: string, protocol: string): Metric => ({
    ...{ evaluation: name, metric, unit: "fraction", higherIsBetter: true },
    protocol: `${protocol}; ${where}`
  })
  return [
    ...k.map((count) => of(`precision (k = ${count})`, `part of the ${count} nearest that are of its class`)),
    of("mean average precision", "precision at each image of its class, mean over them; the whole ranking")
  ]
}

/** How well images of a class find each other, without anything being trained. */
export const layer = (settings: RetrievalSettings) =>
  Layer.effect(
    Evaluation,
    Effect.gen(function* () {
      yield* Backend
      const { test, train } = yield* Dataset.labelled
      yield* Stage.check("Retrieval", ...needsOf(settings, train.numImages))
      const metrics = metricsOf(settings)
      const evaluate = Effect.fn("Retrieval.evaluate")(function* ({ rowsOf, subject }: Embedding) {
        const unitOf = (part: Part) =>
          Effect.flatMap(rowsOf(part, settings.layer ?? "backbone"), (row_NC) =>
            Tensor.scoped("Retrieval.unitRows", () => unitRows(row_NC))
          )
        const gallery = { unit_NC: yield* unitOf("train"), labels: train.labels }
        const queries = { unit_NC: yield* unitOf("test"), labels: test.labels }
        const { averagePrecisions, precisions } = yield* retrieve(queries, gallery, settings.k)
        const all = [...precisions, averagePrecisions.length === 0 ? Float64Array.of(0) : averagePrecisions]
        return metrics.map((metric, i) => meanOf(metric, subject, all[i]!))
      }, Effect.scoped)
      return Evaluation.of({ name, everyEpochs: settings.everyEpochs, metrics, evaluate })
    })
  )

const needsOf = ({ k }: RetrievalSettings, numTraining: number): ReadonlyArray<Stage.Need> => [
  Stage.that(new Set(k).size === k.length, "k", k, "names a number twice", "leave one of the two out"),
  ...k.map((count, i) =>
    Stage.that(
      count <= numTraining,
      `k[${i}]`,
      count,
      `must be at most ${numTraining}, the training images that are asked for`,
      "ask for fewer (evaluations.retrieval.k), or give more images"
    )
  )
]

/** What a config names `evaluations.retrieval`. */
export const retrieval = evaluationKind({
  name,
  Settings: RetrievalSettings,
  configure: (settings) => ({
    metrics: metricsOf(settings),
    needs: (numTraining) => needsOf(settings, numTraining),
    layer: layer(settings)
  })
})
