import { assert, describe, it } from "@effect/vitest"
import { distributionOf } from "@moco/evaluation/distribution"
import fc from "fast-check"

describe("A distribution", () => {
  it("counts numbers by equal bins, each bin with its lower border", () => {
    const { counts } = distributionOf(Float32Array.of(-1, -0.6, -0.5, 0, 0.49, 0.5, 1), {
      ...{ low: -1, high: 1, bins: 4 }
    })
    assert.deepStrictEqual(counts, [2, 1, 2, 2])
  })

  it("always counts every number once, those beyond its ends in the outermost bins", () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true })),
        fc.integer({ min: 1, max: 50 }),
        fc.float({ min: -2, max: 0, noNaN: true }),
        (values, bins, low) => {
          const { counts, ...ends } = distributionOf(Float32Array.from(values), { low, high: 1, bins })
          assert.deepStrictEqual(ends, { low, high: 1 })
          assert.lengthOf(counts, bins)
          assert.strictEqual(
            counts.reduce((sum, count) => sum + count, 0),
            values.length
          )
          const beyond = values.filter((value) => value >= 1).length
          assert.isAtLeast(counts.at(-1)!, beyond)
        }
      )
    )
  })
})
