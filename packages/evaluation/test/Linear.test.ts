import { assert, describe, it } from "@effect/vitest"
import type { Represent } from "@moco/evaluation/Evaluation"
import * as Linear from "@moco/evaluation/Evaluation/Linear"
import { labelSubset } from "@moco/evaluation/labelSubset"
import { evaluationOf } from "@moco/evaluation/testing"
import { Effect, Layer } from "effect"
import {
  around,
  drawnRows,
  inTurn,
  measuredOf,
  namesOf,
  oneHot,
  rowsAsImages,
  valuesOf
} from "./rowsAsImages.ts"

const settings = { everyEpochs: 1, labels: [1] }
const labels = inTurn(40, 4)
/** Images of `labels` with one number, and what they are evaluated on. */
const sets = (rows: (label: number) => ReadonlyArray<number>, numClasses = 4) => ({
  train: { rows: labels.map(rows), labels },
  test: { rows: labels.map(rows), labels },
  numClasses,
  // Large enough to be cropped.
  side: 8
})

for (const fit of ["lbfgs", "sgd", "sgdCrops"] as const) {
  describe(`Linear by ${fit}`, () => {
    it.effect("is right about every image whose features are its class", () =>
      Effect.gen(function* () {
        const whole = sets((label) => oneHot([label], 4)[0]!)
        const [accuracy] = yield* measuredOf(Linear.layer({ ...settings, fit }), whole)
        assert.strictEqual(accuracy!.value, 1)
        assert.deepStrictEqual(accuracy!.interval, { low: 1, high: 1 })
        assert.strictEqual(accuracy!.numImages, 40)
      })
    )

    it.effect("names the largest class of training where features are all the same", () =>
      Effect.gen(function* () {
        const of = (counts: ReadonlyArray<number>) => {
          const all = counts.flatMap((count, label) => new Array<number>(count).fill(label))
          return { rows: all.map(() => [0.3, -2]), labels: all }
        }
        const [accuracy] = yield* measuredOf(Linear.layer({ ...settings, fit }), {
          ...{ train: of([10, 25, 15]), test: of([3, 4, 5]), numClasses: 3, side: 8 }
        })
        assert.strictEqual(accuracy!.value, 4 / 12)
      })
    )
  })
}

describe("Linear", () => {
  it.effect("counts what lies on the wrong side of the line between two classes", () =>
    Effect.gen(function* () {
      // Means -1 and 1, equally many: by symmetry the border is 0.
      const train = {
        rows: [-1.5, -1, -0.5, 0.5, 1, 1.5].flatMap((x) => [[x], [x], [x], [x]]),
        labels: [0, 0, 0, 1, 1, 1].flatMap((label) => [label, label, label, label])
      }
      const test = { rows: [[-2], [-0.2], [0.2], [3], [0.1]], labels: [0, 0, 1, 1, 0] }
      const [accuracy] = yield* measuredOf(Linear.layer(settings), { train, test, numClasses: 2 })
      assert.strictEqual(accuracy!.value, 4 / 5)
    })
  )

  it.effect("gives each part of the labels a metric of its own, and more labels tell no less", () =>
    Effect.gen(function* () {
      const many = inTurn(200, 4)
      const rows = (seed: number) =>
        drawnRows(200, 6, seed).map((row, at) => row.map((x, c) => x + (c === many[at] ? 1.5 : 0)))
      const found = yield* measuredOf(Linear.layer({ ...settings, labels: [1, 0.1, 0.02] }), {
        ...{ train: { rows: rows(1), labels: many }, test: { rows: rows(2), labels: many }, numClasses: 4 }
      })
      const [all, tenth, fiftieth] = found
      assert.deepStrictEqual(Object.keys(valuesOf(found)), [
        "linear probe accuracy (all labels)",
        "linear probe accuracy (10 % of the labels)",
        "linear probe accuracy (2 % of the labels)"
      ])
      assert.isAtLeast(all!.value, tenth!.value)
      assert.isAtLeast(tenth!.value, fiftieth!.value)
      assert.isAbove(fiftieth!.value, 0.25)
    })
  )

  it.effect(
    "by sgdCrops sees the images whose labels it is given, once an epoch, and of the others none",
    () =>
      Effect.gen(function* () {
        const whole = sets((label) => oneHot([label], 4)[0]!)
        const { dataset, represent } = rowsAsImages(whole)
        const seen: Array<number> = []
        const watched: Represent = (image_NHWC) => {
          seen.push(...namesOf(image_NHWC).flatMap(({ part, row }) => (part === 0 ? [row] : [])))
          return represent(image_NHWC)
        }
        const layer = Linear.layer({ ...settings, labels: [0.2], fit: "sgdCrops", epochs: 3, batchSize: 5 })
        const [accuracy] = yield* evaluationOf({ subject: "rows", represent: watched }).pipe(
          Effect.provide(Layer.provideMerge(layer, around(dataset)))
        )
        const given = [...labelSubset(labels, 4, 0.2, 0)]
        assert.lengthOf(given, 8)
        assert.deepStrictEqual(
          seen.toSorted((a, b) => a - b),
          given.flatMap((row) => [row, row, row])
        )
        assert.strictEqual(accuracy!.value, 1)
      })
  )

  it("says in its protocol how it is fitted, and where the encoder is read", () => {
    const protocolOf = (other: Partial<Linear.LinearSettings>) =>
      Linear.linear.configured({ linear: { ...settings, ...other } })[0]!.metrics[0]!.protocol
    assert.include(protocolOf({}), "logistic regression by L-BFGS")
    assert.include(protocolOf({ fit: "sgd", layer: "head" }), "SGD with learning rate 30")
    assert.include(protocolOf({ fit: "sgd", layer: "head" }), "head")
    assert.include(protocolOf({}), "backbone")
    const shorter = { learningRate: 3, epochs: 10, batchSize: 64 }
    for (const fit of ["sgd", "sgdCrops"] as const) {
      assert.include(
        protocolOf({ fit }),
        "SGD with learning rate 30, a tenth of it from epochs 60 and 80, 100 epochs of batches of 256, no weight decay"
      )
      assert.include(
        protocolOf({ fit, ...shorter }),
        "SGD with learning rate 3, a tenth of it from epochs 6 and 8, 10 epochs of batches of 64"
      )
    }
    const beginningOf = (epochs: number) => protocolOf({ fit: "sgd", epochs }).split(" of batches")[0]
    assert.deepStrictEqual([1, 3, 4].map(beginningOf), [
      "SGD with learning rate 30, 1 epochs",
      "SGD with learning rate 30, a tenth of it from epoch 2, 3 epochs",
      "SGD with learning rate 30, a tenth of it from epochs 2 and 3, 4 epochs"
    ])
    assert.include(protocolOf({ fit: "sgdCrops" }), "crops of 8 to 100 %")
    assert.notInclude(protocolOf({ fit: "sgd" }), "crops")
  })

  it.effect("trains by SGD for as many epochs as it is told", () =>
    Effect.gen(function* () {
      const whole = sets((label) => oneHot([label], 4)[0]!)
      const valueAt = (learningRate: number) =>
        Effect.map(
          measuredOf(
            Linear.layer({ ...settings, fit: "sgd", epochs: 1, learningRate, batchSize: 40 }),
            whole
          ),
          ([accuracy]) => accuracy!.value
        )
      assert.strictEqual(yield* valueAt(1), 1)
      // The weights that it starts with have seen no label.
      assert.isBelow(yield* valueAt(1e-6), 1)
    })
  )

  it("refuses settings of SGD where it is fitted by L-BFGS", () => {
    const unmet = (other: Partial<Linear.LinearSettings>) =>
      Linear.linear
        .configured({ linear: { ...settings, ...other } })[0]!
        .needs(100)
        .flatMap(({ field, problem }) => (problem === undefined ? [] : [field]))
    assert.deepStrictEqual(unmet({ epochs: 10, learningRate: 3, batchSize: 64 }), [
      "epochs",
      "learningRate",
      "batchSize"
    ])
    assert.deepStrictEqual(unmet({ fit: "lbfgs", epochs: 10 }), ["epochs"])
    assert.deepStrictEqual(unmet({ fit: "sgd", epochs: 10, learningRate: 3, batchSize: 64 }), [])
    assert.deepStrictEqual(unmet({ fit: "sgdCrops", epochs: 10 }), [])
  })

  it.effect("is refused where a part is named twice", () =>
    Effect.gen(function* () {
      const twice = Linear.layer({ ...settings, labels: [0.5, 0.5] })
      const error = yield* Effect.flip(
        measuredOf(
          twice,
          sets(() => [1])
        )
      )
      assert.include(error.message, "Linear: labels = [0.5,0.5]: names a part twice")
    })
  )
})
