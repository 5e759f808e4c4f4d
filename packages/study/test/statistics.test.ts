import { assert, describe, it } from "@effect/vitest"
import { criticalT } from "@moco/evaluation/studentT"
import { estimate } from "@moco/study/statistics"
import fc from "fast-check"

describe("criticalT", () => {
  it("has the values of the published table", () => {
    for (const [degrees, t] of [
      [1, 12.7062],
      [2, 4.3027],
      [3, 3.1824],
      [4, 2.7764],
      [9, 2.2622],
      [30, 2.0423],
      [120, 1.9799]
    ] as const) {
      assert.closeTo(criticalT(0.95, degrees), t, 5e-5, `${degrees} degrees`)
    }
    assert.closeTo(criticalT(0.99, 4), 4.6041, 5e-5)
  })

  it("always falls with the degrees of freedom and rises with the coverage", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 50, max: 98 }), (degrees, percent) => {
        const coverage = percent / 100
        assert.isBelow(criticalT(coverage, degrees + 1), criticalT(coverage, degrees))
        assert.isAbove(criticalT(coverage + 0.01, degrees), criticalT(coverage, degrees))
      })
    )
  })
})

describe("estimate", () => {
  it("has the values worked out by hand", () => {
    // Mean 3, std sqrt(2.5), half width 2.7764 * sqrt(2.5 / 5).
    const { ci, mean, n, std } = estimate([1, 2, 3, 4, 5])!
    assert.deepStrictEqual([mean, n], [3, 5])
    assert.closeTo(std!, 1.58114, 1e-5)
    assert.closeTo(ci!.low, 1.03676, 1e-4)
    assert.closeTo(ci!.high, 4.96324, 1e-4)
  })

  it("gives no spread for one value and nothing for none", () => {
    assert.deepStrictEqual(estimate([0.5]), { mean: 0.5, n: 1 })
    assert.isUndefined(estimate([]))
  })

  it("covers the true mean in about 95 of 100 samples", () => {
    let covered = 0
    const { normal } = (() => {
      // Sums of 12 uniforms by a fixed linear congruence: near enough to normal.
      let state = 12345
      const uniform = () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        return state / 2 ** 32
      }
      return { normal: () => Array.from({ length: 12 }, uniform).reduce((sum, u) => sum + u, -6) }
    })()
    for (let i = 0; i < 4000; i++) {
      const { ci } = estimate(Array.from({ length: 5 }, normal))!
      if (ci!.low <= 0 && ci!.high >= 0) covered++
    }
    assert.closeTo(covered / 4000, 0.95, 0.012)
  })
})
