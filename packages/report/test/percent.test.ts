import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { percent } from "../src/percent.ts"

describe("percent", () => {
  it("rounds what is written down and not what a double holds", () => {
    assert.deepStrictEqual([0.7715, 0.7705, 0.6125, 0, 1].map(percent), [
      "77.2",
      "77.1",
      "61.3",
      "0.0",
      "100.0"
    ])
  })

  it("is always the nearest tenth of a part of N images, and the larger one of two", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), fc.nat(60_000), (images, part) => {
        const right = Math.min(part, images)
        // In whole numbers: floor(1000 right / images + 1/2).
        const tenths = Math.floor((2000 * right + images) / (2 * images))
        assert.strictEqual(percent(right / images), (tenths / 10).toFixed(1))
      })
    )
  })
})
