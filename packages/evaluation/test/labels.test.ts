import { assert, describe, it } from "@effect/vitest"
import { confusion } from "@moco/evaluation/confusion"
import { labelSubset } from "@moco/evaluation/labelSubset"
import fc from "fast-check"
import { oracles } from "./oracles.ts"

const labels = fc.array(fc.nat(4), { minLength: 1, maxLength: 80 })
const fraction = fc.double({ min: 0, max: 1, noNaN: true })

describe("a part of the labels", () => {
  it("has as many images of each class, at least one and at most all, in rising order", () => {
    fc.assert(
      fc.property(labels, fraction, fc.nat(), (labels, fraction, seed) => {
        const rows = labelSubset(labels, 5, fraction, seed)
        const perClass = Math.max(1, Math.round((fraction * labels.length) / 5))
        for (let label = 0; label < 5; label++) {
          const all = labels.filter((other) => other === label).length
          assert.strictEqual(rows.filter((row) => labels[row] === label).length, Math.min(all, perClass))
        }
        assert.deepStrictEqual(
          Array.from(rows),
          [...new Set(rows)].sort((a, b) => a - b)
        )
      })
    )
  })

  it("lies within a larger part of the same seed, and is another one of another seed", () => {
    fc.assert(
      fc.property(labels, fraction, fraction, fc.nat(), (labels, a, b, seed) => {
        const larger = new Set(labelSubset(labels, 5, Math.max(a, b), seed))
        assert.isTrue(labelSubset(labels, 5, Math.min(a, b), seed).every((row) => larger.has(row)))
      })
    )
    const same = new Array(1000).fill(0)
    assert.notDeepEqual(labelSubset(same, 1, 0.01, 1), labelSubset(same, 1, 0.01, 2))
  })
})

describe("a confusion matrix", () => {
  it("is scikit-learn's", () => {
    const { clusters, confusion: recorded, y } = oracles.clusters
    assert.deepStrictEqual(
      confusion(y, clusters, 4).map((row) => Array.from(row)),
      recorded as Array<Array<number>>
    )
  })
})
