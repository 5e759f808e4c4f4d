import { assert, describe, it } from "@effect/vitest"
import * as Knn from "@moco/evaluation/Evaluation/Knn"
import { Effect } from "effect"
import { distance, drawnRows, inTurn, type LabelledRows, meanOf, measuredOf } from "../rowsAsImages.ts"

/** The class of the largest sum of 1 / distance over the k nearest, in float64. */
const named = (query: ReadonlyArray<number>, { labels, rows }: LabelledRows, k: number): number => {
  const nearest = rows
    .map((row, at) => ({ label: labels[at]!, far: distance(query, row) }))
    .toSorted((a, b) => a.far - b.far)
    .slice(0, k)
  const votes = [0, 0, 0]
  for (const { far, label } of nearest) votes[label]! += 1 / far
  return votes.indexOf(Math.max(...votes))
}

describe("Knn by distance", () => {
  it.effect("names for every k the class that a search of all distances in float64 does", () =>
    Effect.gen(function* () {
      const ks = [1, 3, 10, 40]
      const train = { rows: drawnRows(90, 3, 1), labels: inTurn(90, 3) }
      const test = { rows: drawnRows(50, 3, 2), labels: inTurn(50, 3) }
      const layer = Knn.layer({ everyEpochs: 1, k: ks, temperature: 0.1, metric: "euclidean" })
      const found = yield* measuredOf(layer, { train, test, numClasses: 3 })
      const expected = ks.map((k) =>
        meanOf(test.rows.map((query, at) => Number(named(query, train, k) === test.labels[at])))
      )
      assert.deepStrictEqual(
        found.map(({ value }) => value),
        expected
      )
      // Else it would not matter by what they are near.
      const byDirection = yield* measuredOf(Knn.layer({ everyEpochs: 1, k: ks, temperature: 0.1 }), {
        ...{ train, test, numClasses: 3 }
      })
      assert.notDeepEqual(
        byDirection.map(({ value }) => value),
        expected
      )
    })
  )

  it.effect("tells classes apart that differ in length alone, as directions do not", () =>
    Effect.gen(function* () {
      const labels = inTurn(20, 2)
      const rows = labels.map((label, at) => [1 + label + at / 1000, 0])
      const both = { rows, labels }
      const settings = { everyEpochs: 1, k: [5], temperature: 0.1 }
      const sets = { train: both, test: both, numClasses: 2 }
      const [near] = yield* measuredOf(Knn.layer({ ...settings, metric: "euclidean" }), sets)
      const [alike] = yield* measuredOf(Knn.layer(settings), sets)
      assert.strictEqual(near!.value, 1)
      assert.isBelow(alike!.value, 1)
    })
  )

  it.effect("says so in its protocol, and says which layer it reads", () =>
    Effect.sync(() => {
      const { protocol } = Knn.knnAccuracy(5, 0.1, { metric: "euclidean", layer: "head" })
      assert.include(protocol, "Euclidean distance, a vote weighs 1 / distance; of the head")
      assert.notInclude(Knn.knnAccuracy(5, 0.1).protocol, "Euclidean")
    })
  )
})
