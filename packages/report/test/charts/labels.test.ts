import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { spread } from "../../src/charts/labels.ts"
import { lineHeight, numLines } from "../../src/charts/text.ts"

describe("labels", () => {
  it("never cover each other or leave the plot, and keep their order", () => {
    const label = fc.record({
      text: fc.constantFrom("one", "one\ntwo"),
      color: fc.constant("black"),
      x: fc.constant(0),
      y: fc.double({ min: 0, max: 280, noNaN: true })
    })
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 10 }), (labels) => {
        const placed = spread(labels, { top: 0, bottom: 280 }).map(({ label, y }) => {
          const half = (lineHeight * numLines(label.text)) / 2
          return { wanted: label.y, top: y - half, bottom: y + half }
        })
        placed.forEach((own, i) => {
          const before = placed[i - 1] ?? { wanted: 0, bottom: 0 }
          assert.isAtLeast(own.top, before.bottom - 1e-9)
          assert.isAtLeast(own.wanted, before.wanted)
          assert.isAtMost(own.bottom, 280 + 1e-9)
        })
      })
    )
  })

  it("stay at their points where there is room", () => {
    const labels = [20, 60, 200].map((y) => ({ text: "one", color: "black", x: 0, y }))
    assert.deepStrictEqual(
      spread(labels, { top: 0, bottom: 280 }).map(({ y }) => y),
      [20, 60, 200]
    )
  })
})
