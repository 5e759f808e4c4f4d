import { assert, describe, it } from "@effect/vitest"
import { NonFiniteTensors } from "@moco/core/Finite"
import { StageInvalid } from "@moco/core/Stage"
import { TensorLeak } from "@moco/core/testing"
import * as Embedding from "@moco/evaluation/Embedding"
import { Evaluation } from "@moco/evaluation/Evaluation"
import { measure } from "@moco/evaluation/Evaluation/measure"
import { configured, type EvaluationSettings } from "@moco/evaluation/evaluationKinds"
import { chooseC } from "@moco/evaluation/linear/chooseC"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { around, drawnRows, type RowSets, rowsAsImages } from "./rowsAsImages.ts"

const settings = {
  knn: { everyEpochs: 1, k: [1], temperature: 0.1 },
  linear: { everyEpochs: 1, labels: [1, 0.01] },
  retrieval: { everyEpochs: 1, k: [1] },
  clustering: { everyEpochs: 1 },
  pretext: { everyEpochs: 1, numImages: 100 },
  spectrum: { everyEpochs: 1, numImages: 100 }
} satisfies EvaluationSettings

/** Those that train a network see no rows: `ceilings.test.ts`. */
const numKinds = 6

const sets = (train: ReadonlyArray<number>, test: ReadonlyArray<number>, numClasses: number): RowSets => ({
  train: { rows: drawnRows(train.length, 4, 1), labels: train },
  test: { rows: drawnRows(test.length, 4, 2), labels: test },
  numClasses
})

/** What each evaluation measures of the rows, checked; by its name. */
const measuredBy = (rows: RowSets, represent = rowsAsImages(rows).represent, of = settings) =>
  Effect.forEach(configured(of), ({ layer, name }) =>
    Effect.gen(function* () {
      const embedding = yield* Embedding.open({ subject: "rows", representation: "the rows", represent })
      return yield* measure(yield* Evaluation, embedding)
    }).pipe(
      Effect.scoped,
      TensorLeak.check,
      Effect.provide(Layer.provideMerge(layer, around(rowsAsImages(rows).dataset))),
      Effect.result,
      Effect.map((result) => ({ name, result }))
    )
  )

const allWork = (rows: RowSets) =>
  Effect.gen(function* () {
    const found = yield* measuredBy(rows)
    assert.lengthOf(found, numKinds)
    for (const { name, result } of found) assert.strictEqual(result._tag, "Success", `${name}: ${result}`)
    return found
  })

describe("Every evaluation", () => {
  it.effect("works where a class has no image to evaluate on", () =>
    allWork(sets([0, 1, 2, 0, 1, 2, 0, 1], [0, 0, 1, 1, 0], 3))
  )

  it.effect("works where a class has no image of training", () =>
    allWork(sets([0, 1, 0, 1, 0, 1], [0, 1, 2, 2], 3))
  )

  it.effect("works where there is one class only, which it always names", () =>
    Effect.gen(function* () {
      const found = yield* allWork(sets(new Array(8).fill(0), new Array(5).fill(0), 1))
      for (const { name, result } of found.filter(({ name }) => /knn|linear|retrieval/.test(name))) {
        assert.deepStrictEqual(
          result._tag === "Success" && result.success.map(({ value }) => value),
          result._tag === "Success" && result.success.map(() => 1),
          name
        )
      }
    })
  )

  it.effect("works with an image of training for each class, and with a single one", () =>
    Effect.gen(function* () {
      yield* allWork(sets([0, 1, 2], [0, 1, 2, 0], 3))
      yield* allWork(sets([0], [0, 0], 1))
    })
  )

  it.effect("works with one image to evaluate on, but for clusters, which say what they lack", () =>
    Effect.gen(function* () {
      for (const { name, result } of yield* measuredBy(sets([0, 1, 0, 1, 0, 1], [1], 2))) {
        if (name !== "clustering") assert.strictEqual(result._tag, "Success", `${name}: ${result}`)
        else {
          const error = result._tag === "Failure" ? result.failure : undefined
          assert.instanceOf(error, StageInvalid)
          assert.include(String(error?.message), "images = 1: must be at least 2, the classes")
        }
      }
    })
  )

  it.effect("fails where a feature is NaN, and says whose it is", () =>
    Effect.gen(function* () {
      const spoiled = (image_NHWC: tf.Tensor4D) => tf.fill<tf.Rank.R2>([image_NHWC.shape[0], 4], Number.NaN)
      const found = yield* measuredBy(sets([0, 1, 0, 1], [0, 1], 2), spoiled)
      assert.lengthOf(found, numKinds)
      for (const { name, result } of found) {
        const error = result._tag === "Failure" ? result.failure : undefined
        assert.instanceOf(error, NonFiniteTensors, name)
        assert.include(String(error?.message), "the rows is not finite: NaN at the length of a row", name)
      }
    })
  )
})

describe("The regulariser of a probe", () => {
  const chosen = (labels: ReadonlyArray<number>, numClasses: number) =>
    Effect.gen(function* () {
      const feature_NC = tf.tensor2d(
        labels.map((label) => Array.from({ length: numClasses }, (_, at) => Number(at === label)))
      )
      const { C, tried } = yield* chooseC(feature_NC, labels, numClasses, { seed: 3, grid: [1e-3, 10] })
      feature_NC.dispose()
      return { C, tried }
    }).pipe(TensorLeak.check, Effect.provide(around(rowsAsImages(sets([0], [0], 1)).dataset)))

  it.effect("is 1, and none is tried, where no class has two images", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* chosen([0, 1, 2, 3, 4, 5, 6, 7], 8), { C: 1, tried: [] })
      assert.deepStrictEqual(yield* chosen([0], 1), { C: 1, tried: [] })
    })
  )

  it.effect("is chosen by images of classes that a classifier has seen", () =>
    Effect.gen(function* () {
      // Features are the classes: whoever has seen a class is right about it, where its regulariser hardly binds.
      for (const labels of [
        [0, 0, 1, 1, 2, 2, 3, 3, 4, 5],
        [0, 1, 2, 3, 4, 0, 1, 2, 3, 4],
        [0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0]
      ]) {
        const { C, tried } = yield* chosen(labels, 7)
        assert.deepInclude(tried.at(-1)!, { C: 10, accuracy: 1 })
        assert.include(
          tried.filter(({ accuracy }) => accuracy === 1).map((one) => one.C),
          C
        )
      }
    })
  )
})
