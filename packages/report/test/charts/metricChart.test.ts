import { assert, describe, it } from "@effect/vitest"
import { metricChart } from "../../src/charts/metricChart.ts"
import { cell, dictionary, failed, momentum, single, sizes, study } from "./studies.ts"
import { count, textsOf } from "./svg.ts"

describe("metricChart", () => {
  it("labels every series, and marks exactly the values of x that occur", () => {
    const svg = metricChart(dictionary)
    for (const name of ["queue", "memory bank", "end-to-end"])
      assert.strictEqual(textsOf(svg).filter((text) => text === name).length, 1, name)
    const ticks = /aria-label="x-axis tick label">(.*?)<\/g>/s.exec(svg)![1]!
    assert.deepStrictEqual(textsOf(ticks), ["128", "512", "1,024", "4,096"])
  })

  it("draws an error bar for every cell that has an interval, and all of its seeds", () => {
    const svg = metricChart(dictionary)
    assert.strictEqual(count(svg, "95 % interval"), 11)
    assert.strictEqual(count(svg, "mean"), 11)
    assert.strictEqual(count(svg, "single seeds"), 55)
  })

  it("draws a single seed as a point without a bar", () => {
    const svg = metricChart(single)
    assert.strictEqual(count(svg, "mean"), 1)
    assert.strictEqual(count(svg, "95 % interval"), 0)
    assert.include(textsOf(svg), "one\u00a0seed")
  })

  it("marks a cell of which every run failed, and breaks the line there", () => {
    const svg = metricChart(momentum)
    assert.strictEqual(count(svg, "failed"), 1)
    assert.include(textsOf(svg), "failed")
    assert.strictEqual(count(svg, "mean"), 4)
    assert.strictEqual(count(metricChart(failed), "failed"), 2)
  })

  it("names a far baseline under the title rather than squash the data", () => {
    const svg = metricChart(dictionary)
    assert.strictEqual(count(svg, "baseline"), 1)
    assert.include(textsOf(svg), "raw pixels")
    assert.include(
      textsOf(svg).join(" ").replaceAll("\u00a0", " "),
      "untrained encoder at 30.0 %, off the scale"
    )
  })

  it("falls back to a legend where the names of lines would cover data", () => {
    const kinds = ["one", "two", "three", "four", "five", "six"]
    const crowded = study(
      { x: "K", series: "kind", logarithmic: true },
      kinds.flatMap((kind, i) =>
        sizes.slice(0, i % 2 === 0 ? 4 : 2).map((K) => cell({ kind, K }, 0.7 + 0.002 * i))
      )
    )
    const texts = textsOf(metricChart(crowded))
    assert.deepStrictEqual(
      texts.filter((text) => kinds.includes(text)),
      kinds
    )
  })

  it("keeps apart cells that differ in an axis which the chart does not name", () => {
    const texts = textsOf(
      metricChart(
        study(
          { x: "m" },
          [0.07, 0.2].flatMap((T) => [0.9, 0.99].map((m) => cell({ m, T }, 0.6 + T)))
        )
      )
    )
    assert.includeMembers(texts, ["T = 0.07", "T = 0.2"])
  })
})
