import { assert, describe, it } from "@effect/vitest"
import { NonFiniteTensors } from "@moco/core/Finite"
import { TensorLeak } from "@moco/core/testing"
import * as Embedding from "@moco/evaluation/Embedding"
import type { Represent } from "@moco/evaluation/Evaluation"
import * as Clustering from "@moco/evaluation/Evaluation/Clustering"
import * as Knn from "@moco/evaluation/Evaluation/Knn"
import * as Linear from "@moco/evaluation/Evaluation/Linear"
import { measure } from "@moco/evaluation/Evaluation/measure"
import * as Retrieval from "@moco/evaluation/Evaluation/Retrieval"
import * as Spectrum from "@moco/evaluation/Evaluation/Spectrum"
import { Evaluations } from "@moco/evaluation/Evaluations"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { around, drawnRows, inTurn, rowsAsImages } from "./rowsAsImages.ts"

// More than a batch of 500.
const train = { rows: drawnRows(1100, 3, 1), labels: inTurn(1100, 4) }
const test = { rows: drawnRows(20, 3, 2), labels: inTurn(20, 4) }
const { dataset, represent } = rowsAsImages({ train, test, numClasses: 4 })
const provided = Effect.provide(around(dataset))

const subjectOf = (other: Partial<Embedding.Subject> = {}): Embedding.Subject => ({
  ...{ subject: "rows", representation: "the rows", represent },
  ...other
})

/** It, and how often it was called. */
const counted = (inner: Represent) => {
  const calls = { number: 0 }
  const outer: Represent = (image_NHWC) => {
    calls.number++
    return inner(image_NHWC)
  }
  return { calls, represent: outer }
}

const doubled: Represent = (image_NHWC) => tf.mul(represent(image_NHWC), 2)
const valuesOf = (row_NC: tf.Tensor2D) => row_NC.arraySync()

describe("An embedding", () => {
  it.effect("has the row of every image of a part, in their order, in however many batches", () =>
    Effect.gen(function* () {
      const embedding = yield* Embedding.open(subjectOf())
      assert.deepStrictEqual(valuesOf(yield* embedding.rowsOf("train", "backbone")), train.rows.map(copy))
      assert.deepStrictEqual(valuesOf(yield* embedding.rowsOf("test", "backbone")), test.rows.map(copy))
    }).pipe(Effect.scoped, TensorLeak.check, provided)
  )

  it.effect(
    "has the rows of some images without those of the others, and takes them from all where these are there",
    () =>
      Effect.gen(function* () {
        const backbone = counted(represent)
        const embedding = yield* Embedding.open(subjectOf({ represent: backbone.represent }))
        const some = Int32Array.of(7, 3, 1000)
        const expected = Array.from(some, (row) => copy(train.rows[row]!))
        assert.deepStrictEqual(valuesOf(yield* embedding.rowsAt("train", "backbone", some)), expected)
        assert.strictEqual(backbone.calls.number, 1)
        yield* embedding.rowsOf("train", "backbone")
        const { number } = backbone.calls
        assert.deepStrictEqual(valuesOf(yield* embedding.rowsAt("train", "backbone", some)), expected)
        assert.strictEqual(backbone.calls.number, number)
      }).pipe(Effect.scoped, TensorLeak.check, provided)
  )

  it.effect("reads the head by its own function, and the backbone where there is none", () =>
    Effect.gen(function* () {
      const twice = test.rows.map((row) => row.map((value) => 2 * value))
      const withHead = yield* Embedding.open(subjectOf({ project: doubled }))
      assert.deepStrictEqual(valuesOf(yield* withHead.rowsOf("test", "head")), twice)
      assert.deepStrictEqual(valuesOf(yield* withHead.rowsOf("test", "backbone")), test.rows.map(copy))
      const without = yield* Embedding.open(subjectOf())
      assert.deepStrictEqual(valuesOf(yield* without.rowsOf("test", "head")), test.rows.map(copy))
    }).pipe(Effect.scoped, provided)
  )

  it.effect("works out each part and layer once, however many evaluations ask for it", () =>
    Effect.gen(function* () {
      const backbone = counted(represent)
      const head = counted(doubled)
      const embedding = yield* Embedding.open(
        subjectOf({ represent: backbone.represent, project: head.represent })
      )
      for (const evaluation of yield* Evaluations) yield* measure(evaluation, embedding)
      // Three batches of training images, and one of those to evaluate on.
      assert.strictEqual(backbone.calls.number, 4)
      assert.strictEqual(head.calls.number, 0)
      yield* embedding.rowsOf("test", "head")
      yield* embedding.rowsOf("test", "head")
      assert.strictEqual(head.calls.number, 1)
    }).pipe(
      Effect.scoped,
      Effect.provide(
        Layer.provideMerge(
          Evaluations.layer([
            Knn.layer({ everyEpochs: 1, k: [5], temperature: 0.1 }),
            Linear.layer({ everyEpochs: 1, labels: [0.1] }),
            Retrieval.layer({ everyEpochs: 1, k: [5] }),
            Clustering.layer({ everyEpochs: 1 }),
            Spectrum.layer({ everyEpochs: 1, numImages: 20 })
          ]),
          around(dataset)
        )
      )
    )
  )

  it.effect("takes the images of training for those to evaluate on where there are none", () =>
    Effect.gen(function* () {
      const { calls, represent: once } = counted(rowsAsImages({ train }).represent)
      const embedding = yield* Embedding.open(subjectOf({ represent: once }))
      const rows = yield* embedding.rowsOf("test", "backbone")
      assert.strictEqual(yield* embedding.rowsOf("train", "backbone"), rows)
      assert.strictEqual(calls.number, 3)
    }).pipe(Effect.scoped, Effect.provide(around(rowsAsImages({ train }).dataset)))
  )

  for (const [name, spoiled] of [
    ["NaN", Number.NaN],
    ["an infinity", Number.POSITIVE_INFINITY],
    ["a number whose square is none", 3e38]
  ] as const) {
    it.effect(`fails at ${name}, saying whose it is, and releases what it had`, () =>
      Effect.gen(function* () {
        let batches = 0
        const late: Represent = (image_NHWC) =>
          ++batches < 3 ? represent(image_NHWC) : tf.mul(tf.ones([image_NHWC.shape[0], 3]), spoiled)
        const evaluations = yield* Evaluations
        const error = yield* Embedding.open(subjectOf({ represent: late })).pipe(
          Effect.flatMap((embedding) => measure(evaluations[0]!, embedding)),
          Effect.scoped,
          TensorLeak.check,
          Effect.flip
        )
        assert.instanceOf(error, NonFiniteTensors)
        assert.include(error.message, "the rows is not finite")
      }).pipe(
        Effect.provide(
          Layer.provideMerge(
            Evaluations.layer([Knn.layer({ everyEpochs: 1, k: [5], temperature: 0.1 })]),
            around(dataset)
          )
        )
      )
    )
  }
})

const copy = (row: ReadonlyArray<number>) => [...row]
