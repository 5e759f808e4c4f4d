import { assert, describe, it } from "@effect/vitest"
import { assertClose } from "@moco/core/testing"
import * as Clustering from "@moco/evaluation/Evaluation/Clustering"
import { Effect } from "effect"
import { drawnRows, inTurn, measuredOf, valuesOf } from "./rowsAsImages.ts"

const layer = Clustering.layer({ everyEpochs: 1 })

/** Rows that lie near the axis of their group. */
const blobs = (groups: ReadonlyArray<number>, size: number) =>
  drawnRows(groups.length, size).map((row, at) =>
    row.map((noise, c) => noise / 50 + Number(c === groups[at]))
  )

const entropy = (parts: ReadonlyArray<number>) =>
  -parts.filter((part) => part > 0).reduce((sum, part) => sum + part * Math.log(part), 0)

describe("Clustering", () => {
  it.effect("is 1 for groups that lie apart, one a class, and so is all of its interval", () =>
    Effect.gen(function* () {
      const labels = inTurn(60, 3)
      const both = { rows: blobs(labels, 4), labels }
      const found = yield* measuredOf(layer, { train: both, test: both, numClasses: 3 })
      assert.deepStrictEqual(valuesOf(found), {
        "normalised mutual information": 1,
        "adjusted Rand index": 1
      })
      for (const { interval } of found) assertClose([interval!.low, interval!.high], [1, 1], 1e-12)
    })
  )

  it.effect("is what the formulas give for groups that mix two classes, in float64", () =>
    Effect.gen(function* () {
      // Group 0: seven of class 0 and one of class 1; group 1: three of class 0 and five of class 1.
      const counts = [
        [7, 1],
        [3, 5]
      ]
      const groups = counts.flatMap((group, at) =>
        group.flatMap((count) => new Array<number>(count).fill(at))
      )
      const labels = counts.flatMap((group) =>
        group.flatMap((count, label) => new Array<number>(count).fill(label))
      )
      const test = { rows: blobs(groups, 3), labels }
      const found = valuesOf(yield* measuredOf(layer, { train: test, test, numClasses: 2 }))
      const ofPairs = entropy([7, 1, 3, 5].map((count) => count / 16))
      const [ofGroups, ofClasses] = [entropy([8 / 16, 8 / 16]), entropy([10 / 16, 6 / 16])]
      const mutual = (ofGroups + ofClasses - ofPairs) / ((ofGroups + ofClasses) / 2)
      // Pairs: 21 + 0 + 3 + 10 together in both, 56 in a group, 60 in a class, 120 in all.
      const rand = (34 - (56 * 60) / 120) / ((56 + 60) / 2 - (56 * 60) / 120)
      assertClose(
        [found["normalised mutual information"]!, found["adjusted Rand index"]!],
        [mutual, rand],
        1e-12
      )
    })
  )

  it.effect("has intervals around what was measured, where there are many classes and few images", () =>
    Effect.gen(function* () {
      const test = { rows: drawnRows(200, 4), labels: inTurn(200, 40) }
      const found = yield* measuredOf(layer, { train: test, test, numClasses: 40 })
      for (const { interval, metric, value } of found) {
        assert.isTrue(
          interval!.low <= value && value <= interval!.high,
          `${metric}: ${value} of ${JSON.stringify(interval)}`
        )
      }
    })
  )

  it.effect("is refused where there are fewer images than classes", () =>
    Effect.gen(function* () {
      const few = { rows: drawnRows(2, 2), labels: [0, 1] }
      const error = yield* Effect.flip(measuredOf(layer, { train: few, test: few, numClasses: 3 }))
      assert.include(error.message, "Clustering: images = 2: must be at least 3, the classes")
    })
  )
})
