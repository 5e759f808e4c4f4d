import { Backend } from "@moco/core/Backend"
import { positiveUpTo, upTo } from "@moco/core/Setting"
import * as Stage from "@moco/core/Stage"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { Effect, Layer, Schema } from "effect"
import type { Embedding, Subject, SubjectEncoder } from "../Embedding.ts"
import { accuracyOf } from "../Evaluation/accuracy.ts"
import { Evaluation, EveryEpochs } from "../Evaluation.ts"
import { labelSubset } from "../labelSubset.ts"
import type { Metric } from "../Measurement.ts"
import { trainWithLabels } from "./trainWithLabels.ts"

/** What is set of an evaluation that trains a copy of the network with labels. */
export const ceilingFields = {
  everyEpochs: EveryEpochs,
  labels: Schema.Array(
    Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMinimum: true }))
  )
    .check(Schema.isMinLength(1), Schema.isMaxLength(10))
    .annotate({
      description:
        "parts of the training labels that are given, of each class as many; the network is trained once for each",
      unit: "fraction"
    }),
  epochs: upTo(100_000).annotate({
    description:
      "times that each image whose label is given is seen; with few labels more are wanted, for an epoch is few steps then",
    unit: "epochs"
  }),
  learningRate: positiveUpTo(1e6).annotate({
    description: "size of a step at the start, of half a cosine to 0",
    unit: "unitless"
  }),
  batchSize: Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 1_000_000 })).annotate({
    description: "images in a step; all of them where fewer have a label",
    unit: "images"
  })
}

interface CeilingSettings {
  readonly everyEpochs: number
  readonly labels: ReadonlyArray<number>
  readonly epochs: number
  readonly learningRate: number
  readonly batchSize: number
}

/** An evaluation that trains a copy of the network with labels. */
export interface Ceiling {
  readonly name: string
  /** How the metric of a part of the labels is called. */
  readonly metric: (part: number) => string
  /** From what it starts, as its protocol says. */
  readonly start: string
  readonly weightDecay: number
  readonly appliesTo: (encoder: SubjectEncoder) => boolean
}

const momentum = 0.9

/** `10 % of the labels`. */
export const partInWords = (part: number): string =>
  part === 1 ? "all labels" : `${Number((100 * part).toPrecision(6))} % of the labels`

export const ceilingMetrics = (
  { metric, name, start, weightDecay }: Ceiling,
  { batchSize, epochs, labels, learningRate }: CeilingSettings
): ReadonlyArray<Metric> =>
  labels.map((part) => ({
    evaluation: name,
    metric: metric(part),
    unit: "fraction",
    higherIsBetter: true,
    protocol:
      `${start}, backbone and a linear layer on it trained with ${partInWords(part)}: ${epochs} epochs of batches of ` +
      `${batchSize}, SGD with learning rate ${learningRate} and half a cosine, momentum ${momentum}, weight decay ` +
      `${weightDecay}, views as in training; evaluated under the test transform`
  }))

export const ceilingNeeds = ({ labels }: CeilingSettings): ReadonlyArray<Stage.Need> => [
  Stage.that(
    new Set(labels).size === labels.length,
    "labels",
    labels,
    "names a part twice",
    "leave one of the two out"
  )
]

/** Of which images the labels are given. */
const seed = 0

/** Accuracy of copies of a network that are trained with labels. What has no network, such as raw pixels, is not measured. */
export const ceilingLayer = (ceiling: Ceiling, settings: CeilingSettings) =>
  Layer.effect(
    Evaluation,
    Effect.gen(function* () {
      yield* Backend
      const augmentation = yield* Augmentation
      const dataset = yield* Dataset.labelled
      const { test, train } = dataset
      const metrics = ceilingMetrics(ceiling, settings)
      const parts = settings.labels.map((part) => labelSubset(train.labels, train.classes.length, part, seed))
      yield* Stage.check(ceiling.name, ...ceilingNeeds(settings), ...parts.map(enough))
      const training = { ...settings, momentum, weightDecay: ceiling.weightDecay }
      const appliesTo = ({ encoder }: Pick<Subject, "encoder">) =>
        encoder !== undefined && ceiling.appliesTo(encoder)

      const evaluate = Effect.fn(`${ceiling.name}.evaluate`)(
        function* ({ encoder, subject }: Embedding) {
          if (encoder === undefined || !appliesTo({ encoder })) return []
          return yield* Effect.forEach(metrics, (metric, i) =>
            Effect.map(trainWithLabels(encoder, dataset, parts[i]!, training), (said) =>
              accuracyOf(metric, subject, said, test.labels)
            )
          )
        },
        Effect.provideService(Augmentation, augmentation)
      )
      const { everyEpochs } = settings
      return Evaluation.of({ name: ceiling.name, everyEpochs, metrics, appliesTo, evaluate })
    })
  )

/** Batch norm of a single image may be of a single number. */
const enough = (rows: Int32Array, i: number): Stage.Need =>
  Stage.that(
    rows.length >= 2,
    `labels[${i}]`,
    `${rows.length} image`,
    "must be the labels of two images or more",
    "give a larger part of the labels, or more images"
  )
