import { assert, describe, it } from "@effect/vitest"
import { assertClose } from "@moco/core/testing"
import * as Retrieval from "@moco/evaluation/Evaluation/Retrieval"
import { Effect } from "effect"
import { drawnRows, inTurn, meanOf, measuredOf, oneHot, product, unit, valuesOf } from "./rowsAsImages.ts"

const settings = { everyEpochs: 1, k: [1, 10] }

describe("Retrieval", () => {
  it.effect("is 1 where features are the classes", () =>
    Effect.gen(function* () {
      const labels = inTurn(40, 4)
      const both = { rows: oneHot(labels, 4), labels }
      const sets = { train: both, test: both, numClasses: 4 }
      assert.deepStrictEqual(valuesOf(yield* measuredOf(Retrieval.layer(settings), sets)), {
        "precision (k = 1)": 1,
        "precision (k = 10)": 1,
        "mean average precision": 1
      })
    })
  )

  it.effect("is what the formulas of precision and average precision give, in float64", () =>
    Effect.gen(function* () {
      const train = { rows: drawnRows(60, 4, 1), labels: inTurn(60, 3) }
      const test = { rows: drawnRows(21, 4, 2), labels: inTurn(21, 3) }
      const rankings = test.rows.map((query, at) =>
        train.rows
          .map((row, other) => ({
            isOfClass: train.labels[other] === test.labels[at],
            near: product(unit(query), unit(row))
          }))
          .toSorted((a, b) => b.near - a.near)
          .map(({ isOfClass }) => Number(isOfClass))
      )
      const precisionAt = (ranking: ReadonlyArray<number>, k: number) => meanOf(ranking.slice(0, k))
      const averagePrecision = (ranking: ReadonlyArray<number>) =>
        meanOf(
          ranking.flatMap((isOfClass, place) => (isOfClass === 1 ? [precisionAt(ranking, place + 1)] : []))
        )
      const found = yield* measuredOf(Retrieval.layer(settings), { train, test, numClasses: 3 })
      assertClose(
        found.map(({ value }) => value),
        [
          meanOf(rankings.map((ranking) => precisionAt(ranking, 1))),
          meanOf(rankings.map((ranking) => precisionAt(ranking, 10))),
          meanOf(rankings.map(averagePrecision))
        ],
        1e-12
      )
    })
  )

  it.effect("takes the mean average precision over the images that have one of their class to find", () =>
    Effect.gen(function* () {
      const train = { rows: [[1, 0]], labels: [0] }
      const test = { rows: drawnRows(5, 2), labels: [0, 0, 1, 1, 1] }
      const found = yield* measuredOf(Retrieval.layer({ ...settings, k: [1] }), {
        ...{ train, test, numClasses: 2 }
      })
      assert.deepStrictEqual(
        found.map(({ numImages, value }) => [value, numImages]),
        [
          [2 / 5, 5],
          [1, 2]
        ]
      )
    })
  )

  it.effect("is refused where more is asked for than there is", () =>
    Effect.gen(function* () {
      const few = { rows: drawnRows(3, 2), labels: [0, 1, 0] }
      const error = yield* Effect.flip(
        measuredOf(Retrieval.layer(settings), { train: few, test: few, numClasses: 2 })
      )
      assert.include(error.message, "k[1] = 10: must be at most 3, the training images that are asked for")
    })
  )
})
