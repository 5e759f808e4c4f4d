import { Backend } from "@moco/core/Backend"
import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { type ImageSource, readRange } from "@moco/data/ImageSource"
import { inOrder, toGroups } from "@moco/data/ImageTensors"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { Evaluation, type Represent } from "../Evaluation.ts"
import { voteOfNeighbours } from "../internal/knn.ts"
import { knnNeeds } from "./knnNeeds.ts"

/** Settings of the kNN monitor. */
export interface KnnSettings {
  /** The numbers of neighbours to report; 200 is the literature's, 20 blurs less in a small bank. */
  readonly neighbours: ReadonlyArray<number>
  /** Temperature of the votes, unitless (0.1 in Wu et al. 2018). */
  readonly temperature: number
}

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
      const { normalize } = yield* Augmentation
      const kMax = Math.max(...settings.neighbours)

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

      const judge = Effect.fn("Knn.judge")(function* (represent: Represent) {
        /** Reads a part of the images; what they are made into comes when tensors can be made. */
        const reading = (source: ImageSource, from: number, to: number) =>
          Effect.map(readRange(source, from, to), (images) => () => {
            const groups = toGroups(images, source.channels)
            return unitRows(represent(inOrder(groups, ({ image_NHWC }) => normalize(image_NHWC))))
          })
        const parts: Array<tf.Tensor2D> = []
        for (const [from, to] of chunks(train.numImages)) {
          parts.push(yield* Tensor.scoped("Knn.bank", yield* reading(train, from, to)))
          yield* Effect.yieldNow
        }
        const bank_BC = yield* Tensor.scoped("Knn.bank", () => tf.concat2d(parts, 0))
        const correct = settings.neighbours.map(() => 0)
        for (const [from, to] of chunks(test.numImages)) {
          const embed = yield* reading(test, from, to)
          const { indices_NK, similarities_NK } = yield* Tensor.run("Knn.neighbours", () =>
            nearest(embed(), bank_BC, kMax)
          )
          yield* Tensor.run("Knn.votes", () =>
            settings.neighbours.forEach((k, i) => {
              const votes = votesOf({ indices_NK, similarities_NK }, kMax, k)
              correct[i]! += votes.filter((vote, row) => vote === test.labels[from + row]).length
            })
          )
          yield* Effect.yieldNow
        }
        return settings.neighbours.map((k, i) => ({ k, accuracy: correct[i]! / test.numImages }))
      }, Effect.scoped)

      return Evaluation.of({ judge })
    })
  )

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
