import { Backend } from "@moco/core/Backend"
import { check } from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import { Dataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import type { Embedding } from "../Embedding.ts"
import { Evaluation, evaluationKind } from "../Evaluation.ts"
import { labelSubset } from "../labelSubset.ts"
import { chooseC } from "../linear/chooseC.ts"
import { predict } from "../linear/logisticRegression.ts"
import { type BatchFeatures, cachedFeatures, probeOf, trainProbe } from "../linear/sgdProbe.ts"
import { cropViews, viewFeatures } from "../linear/viewFeatures.ts"
import { accuracyOf } from "./accuracy.ts"
import { LinearSettings, metricsOf, name, needsOf } from "./linearSettings.ts"

export { LinearSettings } from "./linearSettings.ts"

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
      yield* check("Linear", ...needsOf(settings))
      const views = settings.fit === "sgdCrops" ? yield* cropViews : undefined
      const metrics = metricsOf(settings)
      const numClasses = train.classes.length
      const at = settings.layer ?? "backbone"
      const all = Int32Array.from({ length: train.numImages }, (_, row) => row)

      const bySgd = <E>(features: BatchFeatures<E>, numFeatures: number, labels: Int32Array) =>
        trainProbe(features, numFeatures, labels, numClasses, probeOf(settings), seed).pipe(
          Effect.catchTag("ProbeDiverged", (cause) =>
            Effect.fail(new Tensor.TensorError({ operation: "Linear.fit", cause }))
          )
        )

      /** A classifier of the features of some training images, whose labels it is given. */
      const fitted = Effect.fnUntraced(function* (
        { represent, rowsOf }: Embedding,
        rows: Int32Array,
        numFeatures: number
      ) {
        const labels = rows.map((row) => train.labels[row]!)
        if (views !== undefined) {
          return yield* bySgd(viewFeatures(represent(at), train, rows, views), numFeatures, labels)
        }
        const train_NC = yield* rowsOf("train", at)
        const some_NC =
          rows === all
            ? train_NC
            : yield* Tensor.scoped("Linear.features", () => tf.gather(train_NC, tf.tensor1d(rows, "int32")))
        if (settings.fit === "sgd") return yield* bySgd(cachedFeatures(some_NC), numFeatures, labels)
        return (yield* chooseC(some_NC, labels, numClasses, { seed })).model
      })

      const evaluate = Effect.fn("Linear.evaluate")(function* (embedding: Embedding) {
        const test_NC = yield* embedding.rowsOf("test", at)
        return yield* Effect.forEach(settings.labels, (part, i) =>
          Effect.gen(function* () {
            const rows = part === 1 ? all : labelSubset(train.labels, numClasses, part, seed)
            const model = yield* fitted(embedding, rows, test_NC.shape[1])
            const said = yield* Tensor.run("Linear.predict", () => predict(model, test_NC))
            return accuracyOf(metrics[i]!, embedding.subject, said, test.labels)
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
    needs: () => needsOf(settings),
    layer: layer(settings)
  })
})
