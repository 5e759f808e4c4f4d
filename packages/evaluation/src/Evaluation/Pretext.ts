import { Backend } from "@moco/core/Backend"
import * as Tensor from "@moco/core/Tensor"
import { Augmentation } from "@moco/data/Augmentation"
import { firstOwnView } from "@moco/data/AugmentationPlan"
import { Dataset } from "@moco/data/Dataset"
import { readRange } from "@moco/data/ImageSource"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema } from "effect"
import { alignments, potentials } from "../alignmentUniformity.ts"
import { jackknifeOfPairs } from "../bootstrap.ts"
import { distributionOf } from "../distribution.ts"
import { type Embedding, EncoderLayer } from "../Embedding.ts"
import { Evaluation, EveryEpochs, evaluationKind, type Looked, NumImages } from "../Evaluation.ts"
import { type Measurement, type Metric, measured } from "../Measurement.ts"
import { floatsOf } from "../onHost.ts"
import { rowsOf, unitRows } from "../unitRows.ts"
import { meanOf } from "./accuracy.ts"

const name = "pretext"

/** Settings of what is measured of the pretext task. */
export const PretextSettings = Schema.Struct({
  everyEpochs: EveryEpochs,
  numImages: NumImages,
  layer: Schema.optionalKey(EncoderLayer)
}).annotate({
  description: "alignment, uniformity, similarities of views; needs no labels; null leaves it out"
})
export type PretextSettings = typeof PretextSettings.Type

const pairs = "of two random views of an image"

/** None is better by itself: a collapsed encoder is aligned best, and noise is uniform. */
const metricsOf = ({ layer = "head", numImages }: PretextSettings, of: Looked = "evaluated") => {
  const where = `${layer}, up to ${numImages} ${of} images, features of length 1`
  const alignment: Metric = {
    ...{ evaluation: name, metric: "alignment (alpha = 2)", unit: "", higherIsBetter: null },
    protocol: `mean squared distance ${pairs}; ${where}`
  }
  const uniform: Metric = {
    ...{ evaluation: name, metric: "uniformity (t = 2)", unit: "nats", higherIsBetter: null },
    protocol: `log of the mean of exp(-2 d^2) over pairs of different images, one view each; ${where}`
  }
  const positive: Metric = {
    ...{ evaluation: name, metric: "positive similarity", unit: "cosine", higherIsBetter: null },
    protocol: `mean cosine ${pairs}; ${where}`
  }
  const negative: Metric = {
    ...{ evaluation: name, metric: "negative similarity", unit: "cosine", higherIsBetter: null },
    protocol: `mean cosine of views of different images; ${where}`
  }
  return [alignment, uniform, positive, negative] as const
}

/** Of the views: others than the rest of the evaluations see. */
const viewSeed = 0xe7a1
const batchSize = 250
/** Pairs of different images are those of each view with the next so many. */
const shifts = 16
/** Bins that cosines are counted in. */
const cosines = { low: -1, high: 1, bins: 40 }

/**
 * How the loss sees images that it was not given: alignment and uniformity (Wang and Isola 2020), and how similar positive and
 * negative pairs are. Needs no labels; of images to evaluate on where there are any, else of those of training.
 */
export const layer = (settings: PretextSettings) =>
  Layer.effect(
    Evaluation,
    Effect.gen(function* () {
      yield* Backend
      const { test, train } = yield* Dataset.checked
      const augmentation = yield* Augmentation
      const source = test ?? train
      const numImages = Math.min(source.numImages, settings.numImages)
      const metrics = metricsOf(settings, test === undefined ? "training" : "evaluated")

      /** Unit rows of two views. */
      const viewRows = Effect.fnUntraced(function* (embedding: Embedding) {
        const represent = embedding.represent(settings.layer ?? "head")
        const parts: Array<{ readonly x_NC: tf.Tensor2D; readonly y_NC: tf.Tensor2D }> = []
        for (let from = 0; from < numImages; from += batchSize) {
          const to = Math.min(numImages, from + batchSize)
          const images = yield* readRange(source, from, to)
          const viewOf = (view: number) =>
            unitRows(
              represent(
                augmentation.views(
                  images,
                  images.map((_, row) => ({ seed: viewSeed, epoch: 0, index: from + row, view }))
                )
              )
            )
          parts.push(
            yield* Tensor.scoped("Pretext.views", () => ({
              x_NC: viewOf(firstOwnView),
              y_NC: viewOf(firstOwnView + 1)
            }))
          )
          yield* Effect.yieldNow
        }
        return yield* Tensor.scoped("Pretext.rows", () => ({
          x_NC: tf.concat2d(
            parts.map(({ x_NC }) => x_NC),
            0
          ),
          y_NC: tf.concat2d(
            parts.map(({ y_NC }) => y_NC),
            0
          )
        }))
      })

      const evaluate = Effect.fn("Pretext.evaluate")(function* (embedding: Embedding) {
        const { x_NC, y_NC } = yield* viewRows(embedding)
        const [alignment, uniform, positive, negative] = metrics
        return yield* Tensor.run("Pretext.measure", () => {
          const { subject } = embedding
          const positives = floatsOf(() => tf.sum(tf.mul(x_NC, y_NC), 1))
          return [
            meanOf(alignment, subject, alignments(x_NC, y_NC)),
            uniformityOf(uniform, subject, x_NC),
            { ...meanOf(positive, subject, positives), distribution: distributionOf(positives, cosines) },
            negativesOf(negative, subject, x_NC, y_NC)
          ]
        })
      }, Effect.scoped)
      return Evaluation.of({ name, everyEpochs: settings.everyEpochs, metrics, evaluate })
    })
  )

/** Over all pairs of different images; 0 of one image, which has none. */
const uniformityOf = (metric: Metric, subject: string, x_NC: tf.Tensor2D): Measurement => {
  const numImages = x_NC.shape[0]
  if (numImages === 1) return measured(metric, subject, 0, { numImages })
  return ofPairs(metric, subject, { sums: potentials(x_NC), pairsOfEach: numImages - 1 }, Math.log)
}

/** Cosines of each view with those of the next images, whose number is bounded. */
const negativesOf = (metric: Metric, subject: string, x_NC: tf.Tensor2D, y_NC: tf.Tensor2D): Measurement => {
  const numImages = x_NC.shape[0]
  const some = Array.from({ length: Math.min(shifts, numImages - 1) }, (_, at) => at + 1)
  if (some.length === 0) return measured(metric, subject, 0, { numImages })
  const cosine_SN = floatsOf(() => tf.concat1d(some.map((shift) => shiftedCosines(x_NC, y_NC, shift))))
  const sum_N = new Float64Array(numImages)
  cosine_SN.forEach((cosine, at) => {
    const image = at % numImages
    sum_N[image]! += cosine
    sum_N[(image + some[Math.floor(at / numImages)]!) % numImages]! += cosine
  })
  return {
    ...ofPairs(metric, subject, { sums: sum_N, pairsOfEach: 2 * some.length }, (mean) => mean),
    distribution: distributionOf(cosine_SN, cosines)
  }
}

/** Of each view x with the view y that stands so many rows below it. */
const shiftedCosines = (x_NC: tf.Tensor2D, y_NC: tf.Tensor2D, shift: number): tf.Tensor1D => {
  const numRows = x_NC.shape[0]
  const turned_NC = tf.concat2d([rowsOf(y_NC, [shift, numRows]), rowsOf(y_NC, [0, shift])], 0)
  return tf.sum(tf.mul(x_NC, turned_NC), 1)
}

/** A function of a mean over pairs of images, with its jackknife interval over the images. */
const ofPairs = (
  metric: Metric,
  subject: string,
  { pairsOfEach, sums }: { readonly sums: Float64Array; readonly pairsOfEach: number },
  statisticOf: (mean: number) => number
): Measurement => {
  const mean = sums.reduce((sum, value) => sum + value, 0) / (sums.length * pairsOfEach)
  const interval = jackknifeOfPairs({ sums, pairsOfEach }, statisticOf)
  const details = { numImages: sums.length, ...(interval === undefined ? {} : { interval }) }
  return measured(metric, subject, statisticOf(mean), details)
}

/** What a config names `evaluations.pretext`. */
export const pretext = evaluationKind({
  name,
  Settings: PretextSettings,
  configure: (settings) => ({ metrics: metricsOf(settings), needs: () => [], layer: layer(settings) })
})
