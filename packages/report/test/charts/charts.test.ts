import { assert, describe, it } from "@effect/vitest"
import { Resvg } from "@resvg/resvg-js"
import { epochChart } from "../../src/charts/epochChart.ts"
import { metricChart } from "../../src/charts/metricChart.ts"
import { dictionary, studies } from "./studies.ts"
import { textsOf } from "./svg.ts"

const charts = { metricChart, epochChart }
const all = Object.entries(studies).flatMap(([name, data]) =>
  Object.entries(charts).map(([kind, draw]) => ({ title: `${kind} of ${name}`, data, draw }))
)

describe("charts", () => {
  it.each(all)("are well-formed SVG that stands alone: $title", ({ data, draw }) => {
    const svg = draw(data)
    // The parser of resvg is strict: it refuses what is not well-formed, and elements outside the SVG namespace.
    assert.isAbove(new Resvg(svg).width, 300)
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/)
    assert.match(svg, /font-family="DejaVu Sans, sans-serif"/)
    assert.match(svg, /<rect width="\d+" height="\d+" fill="white"\/>/)
    assert.notMatch(svg, /NaN|undefined|Infinity|<style|url\(|href/)
  })

  it.each(all)("are the same whenever they are drawn: $title", ({ data, draw }) => {
    assert.strictEqual(draw(data), draw(data))
  })

  it("say what is shown", () => {
    const texts = textsOf(metricChart(dictionary))
    assert.include(texts, "a study: kNN accuracy (k = 200) by K and mechanism")
    assert.include(texts.join(" ").replaceAll("\u00a0", " "), "bars: 95 % t-interval over 5 seeds")
  })
})
