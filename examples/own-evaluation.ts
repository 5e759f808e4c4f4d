import { Backend } from "@moco/core/Backend"
import * as Tensor from "@moco/core/Tensor"
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
    yield* Backend
    return Evaluation.of({
      ...{ name: metric.evaluation, everyEpochs: 1, metrics: [metric] },
      evaluate: Effect.fnUntraced(function* ({ rowsOf, subject }) {
        const all_NC = yield* rowsOf("train", "backbone")
        return yield* Tensor.run("Uniformity.evaluate", () => {
          const row_NC = tf.slice2d(all_NC, [0, 0], [Math.min(500, all_NC.shape[0]), -1])
          const unit_NC = tf.div<tf.Tensor2D>(row_NC, tf.maximum(tf.norm(row_NC, 2, 1, true), 1e-12))
          const cosine_NN = tf.matMul(unit_NC, unit_NC, false, true)
          const value = tf.log(tf.mean(tf.exp(tf.mul(tf.sub(cosine_NN, 1), 4)))).dataSync()[0]!
          return [measured(metric, subject, value)]
        })
      })
    })
  })
)

if (import.meta.main) train({ evaluations: [layerUniformity] })
