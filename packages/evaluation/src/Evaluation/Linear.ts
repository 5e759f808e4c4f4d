import { Backend } from "@moco/core/Backend"
import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import { Dataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema } from "effect"
import { type Embedding, EncoderLayer } from "../Embedding.ts"
import { Evaluation, EveryEpochs, evaluationKind } from "../Evaluation.ts"
import { labelSubset } from "../labelSubset.ts"
import { chooseC } from "../linear/chooseC.ts"
import { predict } from "../linear/logisticRegression.ts"
import { authorsProbe, cachedFeatures, trainProbe } from "../linear/sgdProbe.ts"
import type { Metric } from "../Measurement.ts"
import { PartsOfLabels, partInWords, partsNeeds } from "../partsOfLabels.ts"
import { accuracyOf } from "./accuracy.ts"

const name = "linear"

/** Settings of the linear probe. */
export const LinearSettings = Schema.Struct({
  everyEpochs: EveryEpochs,
  labels: PartsOfLabels.annotate({
    description:
      "parts of the training labels that the probe is given, of each class as many: 1 is all, 0.01 one in 100"
  }),
  fit: Schema.optionalKey(
    Schema.Literals(["lbfgs", "sgd"]).annotate({
      description:
        "lbfgs (what is meant where it is left out): logistic regression, its regulariser chosen on a fifth of the labels; " +
        "sgd: the authors' schedule, learning rate 30, 100 epochs, on features that are computed once"
    })
  ),
  layer: Schema.optionalKey(EncoderLayer)
}).annotate({ description: "linear classification of frozen features; null leaves it out" })
export type LinearSettings = typeof LinearSettings.Type

const fits = {
  lbfgs:
    "logistic regression by L-BFGS on standardised features, its regulariser chosen on a fifth of these labels (1 where no " +
    "class has two)",
  sgd: "SGD with learning rate 30, a tenth of it from epochs 60 and 80, 100 epochs of batches of 256, no weight decay"
}

/** Part of the evaluated images that a linear classifier of the features tells rightly, given a part of the labels. */
const linearAccuracy = (part: number, { fit = "lbfgs", layer = "backbone" }: LinearSettings): Metric => ({
  evaluation: name,
  metric: `linear probe accuracy (${partInWords(part)})`,
  unit: "fraction",
  higherIsBetter: true,
  protocol: `${fits[fit]}; encoder frozen, ${layer}, test transform`
})

const metricsOf = (settings: LinearSettings): ReadonlyArray<Metric> =>
  settings.labels.map((part) => linearAccuracy(part, settings))

/** Of the probe: which labels it is given, which are held back, and how the authors' begins. */
const seed = 0

/**
 * Linear classification on frozen features (He et al. 2020, section 4.1), and with few of the labels (Chen et al. 2020,
 * section 6): the encoder is in evaluation mode, and nothing but the classifier is trained.
 */
export const layer = (settings: LinearSettings) =>
  Layer.effect(
    Evaluation,
    Effect.gen(function* () {
      yield* Backend
      const { test, train } = yield* Dataset.labelled
      yield* Stage.check("Linear", ...partsNeeds(settings.labels))
      const metrics = metricsOf(settings)
      const numClasses = train.classes.length

      const fitted = Effect.fnUntraced(function* (feature_NC: tf.Tensor2D, labels: Int32Array) {
        if (settings.fit !== "sgd") return (yield* chooseC(feature_NC, labels, numClasses, { seed })).model
        const features = cachedFeatures(feature_NC)
        const numFeatures = feature_NC.shape[1]
        return yield* trainProbe(features, numFeatures, labels, numClasses, authorsProbe, seed).pipe(
          Effect.catchTag("ProbeDiverged", (cause) =>
            Effect.fail(new Tensor.TensorError({ operation: "Linear.fit", cause }))
          )
        )
      })

      const evaluate = Effect.fn("Linear.evaluate")(function* ({ rowsOf, subject }: Embedding) {
        const at = settings.layer ?? "backbone"
        const train_NC = yield* rowsOf("train", at)
        const test_NC = yield* rowsOf("test", at)
        return yield* Effect.forEach(settings.labels, (part, i) =>
          Effect.gen(function* () {
            const rows = labelSubset(train.labels, numClasses, part, seed)
            const some_NC =
              part === 1
                ? train_NC
                : yield* Tensor.scoped("Linear.features", () =>
                    tf.gather(train_NC, tf.tensor1d(rows, "int32"))
                  )
            const labels = part === 1 ? train.labels : rows.map((row) => train.labels[row]!)
            const model = yield* fitted(some_NC, labels)
            const said = yield* Tensor.run("Linear.predict", () => predict(model, test_NC))
            return accuracyOf(metrics[i]!, subject, said, test.labels)
          }).pipe(Effect.scoped)
        )
      })
      return Evaluation.of({ name, everyEpochs: settings.everyEpochs, metrics, evaluate })
    })
  )

/** What a config names `evaluations.linear`. */
export const linear = evaluationKind({
  name,
  Settings: LinearSettings,
  configure: (settings) => ({
    metrics: metricsOf(settings),
    needs: () => partsNeeds(settings.labels),
    layer: layer(settings)
  })
})
