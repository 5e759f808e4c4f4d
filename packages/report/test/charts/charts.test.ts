import { assert, describe, it } from "@effect/vitest"
import { Resvg } from "@resvg/resvg-js"
import { epochChart } from "../../src/charts/epochChart.ts"
import { inColours, schemes } from "../../src/charts/inline/style.ts"
import { metricChart } from "../../src/charts/metricChart.ts"
import { dictionary, studies } from "./studies.ts"
import { textsOf } from "./svg.ts"

const grounds = ["light", "dark"] as const
const charts = { metricChart, epochChart }
const all = Object.entries(studies).flatMap(([name, data]) =>
  Object.entries(charts).map(([kind, draw]) => ({ title: `${kind} of ${name}`, data, draw }))
)

describe("charts", () => {
  it.each(all.flatMap((chart) => grounds.map((ground) => ({ ...chart, ground }))))(
    "are well-formed SVG that stands alone, on a $ground ground: $title",
    ({ data, draw, ground }) => {
      const svg = inColours(draw(data), schemes[ground])
      // The parser of resvg is strict: it refuses what is not well-formed, and elements outside the SVG namespace.
      assert.isAbove(new Resvg(svg).width, 300)
      assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/)
      assert.match(svg, /font-family="DejaVu Sans, sans-serif"/)
      assert.include(svg, `fill="${schemes[ground]["card"]}"/>`)
      assert.notMatch(svg, /NaN|undefined|Infinity|<style|url\(|href|var\(/)
    }
  )

  it.each(all)("are the same whenever they are drawn: $title", ({ data, draw }) => {
    assert.strictEqual(draw(data), draw(data))
  })

  it.each(all)("name no colour themselves, but by what a scheme calls it: $title", ({ data, draw }) => {
    const colours = [...draw(data).matchAll(/(?:fill|stroke|color)="([^"]*)"/g)].map(([, colour]) => colour!)
    const own = colours.filter((colour) => !/^(none|currentColor|var\(--\w+\))$/.test(colour))
    assert.deepStrictEqual(own, [])
    assert.isAbove(colours.length, 5)
  })

  it("say what is shown", () => {
    const texts = textsOf(metricChart(dictionary))
    assert.include(texts, "a study: kNN accuracy (k = 200) by K and mechanism")
    assert.include(texts.join(" ").replaceAll("\u00a0", " "), "bars: 95 % t-interval over 5 seeds")
  })
})
