import * as Tensor from "@moco/core/Tensor"
import type { LabelledDataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Embedding } from "../Embedding.ts"
import { voteOfNeighbours } from "../voteOfNeighbours.ts"

const maxNeighbours = 20
const temperature = 0.1
const batchSize = 500

/** Which class the nearest training images name, by the class that it is: what is taken for what. */
export const confusionOf = Effect.fn("Inspection.confusion")(function* (
  embedding: Embedding,
  { test, train }: LabelledDataset
) {
  const k = Math.min(maxNeighbours, train.numImages)
  const bank_BC = yield* embedding.rowsOf("train", "backbone")
  const query_NC = yield* embedding.rowsOf("test", "backbone")
  const counts = train.classes.map(() => train.classes.map(() => 0))
  for (let from = 0; from < test.numImages; from += batchSize) {
    const size = Math.min(batchSize, test.numImages - from)
    const { indices, values } = yield* Tensor.run("Inspection.confusion", () => {
      const cosine_NB = tf.matMul(
        unit(tf.slice2d(query_NC, [from, 0], [size, -1])),
        unit(bank_BC),
        false,
        true
      )
      const nearest = tf.topk(cosine_NB, k)
      return { indices: nearest.indices.dataSync<"int32">(), values: nearest.values.dataSync<"float32">() }
    })
    for (let row = 0; row < size; row++) {
      const some = [
        indices.subarray(row * k, (row + 1) * k),
        values.subarray(row * k, (row + 1) * k)
      ] as const
      const said = voteOfNeighbours(...some, train.labels, temperature, train.classes.length)
      counts[test.labels[from + row]!]![said]! += 1
    }
    yield* Effect.yieldNow
  }
  return { counts, protocol: `weighted kNN, k = ${k}, temperature ${temperature}, backbone` }
})

const unit = (row_NC: tf.Tensor2D): tf.Tensor2D =>
  tf.div(row_NC, tf.maximum(tf.norm(row_NC, 2, 1, true), 1e-12))
