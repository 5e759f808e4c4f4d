import * as Tensor from "@moco/core/Tensor"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { readRange } from "@moco/data/ImageSource"
import { Evaluation } from "@moco/evaluation/Evaluation"
import { type Metric, measured } from "@moco/evaluation/Measurement"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { train } from "./train.ts"

const metric: Metric = {
  evaluation: "uniformity",
  metric: "uniformity (t = 2)",
  unit: "nats",
  higherIsBetter: false,
  protocol:
    "ln of the mean of exp(-2 d^2) over pairs of 500 training images, d the distance of unit representations"
}

/**
 * An evaluation of your own: how evenly representations lie on the sphere (Wang and Isola 2020). It needs no labels, and
 * appears in the log, the live line, the summary, a study's table and its charts beside those that a config names.
 *
 *     npx nx run examples:own-evaluation
 */
export const layerUniformity = Layer.effect(
  Evaluation,
  Effect.gen(function* () {
    const { train } = yield* Dataset.checked
    const { normalize } = yield* Augmentation
    const images = yield* readRange(train, 0, Math.min(500, train.numImages))
    return Evaluation.of({
      ...{ name: metric.evaluation, everyEpochs: 1, metrics: [metric] },
      evaluate: (represent, subject) =>
        Tensor.run("Uniformity.evaluate", () => {
          const row_NC = represent(normalize(images))
          const unit_NC = tf.div<tf.Tensor2D>(row_NC, tf.maximum(tf.norm(row_NC, 2, 1, true), 1e-12))
          const cosine_NN = tf.matMul(unit_NC, unit_NC, false, true)
          const value = tf.log(tf.mean(tf.exp(tf.mul(tf.sub(cosine_NN, 1), 4)))).dataSync()[0]!
          return [measured(metric, subject, value)]
        })
    })
  })
)

if (import.meta.main) train({ evaluations: [layerUniformity] })
