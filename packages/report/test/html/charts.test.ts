import { assert, describe, it } from "@effect/vitest"
import type { Sprite } from "@moco/evaluation/Inspection"
import fc from "fast-check"
import { confusionMatrix } from "../../src/charts/inline/confusionMatrix.ts"
import { featureMap } from "../../src/charts/inline/featureMap.ts"
import { lineChart } from "../../src/charts/inline/lineChart.ts"
import { neighbourRow } from "../../src/charts/inline/neighbourRow.ts"
import { pictureGrid } from "../../src/charts/inline/pictures.ts"
import { quantile, ridgeChart } from "../../src/charts/inline/ridges.ts"
import { linear, ticks, tickText } from "../../src/charts/inline/scale.ts"
import { ours } from "../../src/markup.ts"
import { textsOf } from "../charts/svg.ts"

const sprite: Sprite = { file: "a.png", width: 10, height: 10, columns: 4, count: 40 }
const pictures = { id: "pictures-a", sprite, address: ours("data:image/png;base64,") }

const numberOf = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].length

describe("an axis", () => {
  it("has round ticks within its domain, at most as many as were asked for and one", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.integer({ min: 2, max: 10 }),
        (from, span, count) => {
          const found = ticks([from, from + span], count)
          const slack = 1e-5 * span
          assert.isAtMost(found.length, count + 1)
          for (const tick of found) {
            assert.isAtLeast(tick, from - slack)
            assert.isAtMost(tick, from + span + slack)
          }
          const steps = found.slice(1).map((tick, i) => tick - found[i]!)
          for (const step of steps) {
            const leading = Number(step.toPrecision(1)) / 10 ** Math.floor(Math.log10(step) + 1e-9)
            assert.include([1, 2, 5, 10], Math.round(leading))
          }
        }
      )
    )
  })

  it("has the ticks that one would write: 0 to 12 by 2, and 0 to 0.2 by 0.05", () => {
    assert.deepStrictEqual(ticks([0, 12], 6), [0, 2, 4, 6, 8, 10, 12])
    assert.deepStrictEqual(ticks([0, 0.2], 5), [0, 0.05, 0.1, 0.15, 0.2])
    assert.deepStrictEqual([0.05, 1000, 0.00003, 0].map(tickText), ["0.05", "1,000", "3e-5", "0"])
    assert.strictEqual(linear([0, 10], [100, 0])(2.5), 75)
  })
})

describe("a line chart", () => {
  const chart = (values: ReadonlyArray<number>) =>
    lineChart({
      title: "accuracy by epoch",
      yLabel: "%",
      unit: "fraction",
      lines: [{ name: "", series: 0, points: values.map((value, x) => ({ x, value })) }],
      levels: [{ name: "raw pixels 77.2 %", value: 0.772 }],
      xEnd: values.length,
      isMarked: true
    }).text

  it("marks every value with its epoch, and names what it is compared with", () => {
    const svg = chart([0.5, 0.6, 0.7])
    assert.strictEqual(numberOf(svg, /<circle/g), 3)
    assert.include(svg, "<title>epoch 2: 70.0 %</title>")
    assert.include(textsOf(svg), "raw pixels 77.2 %")
  })

  it("breaks a line where a value is not finite, and says so", () => {
    const svg = chart([0.5, 0.6, Number.NaN, 0.6, 0.7])
    assert.strictEqual(numberOf(svg, /<path class="line/g), 2)
    assert.include(textsOf(svg), "not finite")
    assert.notInclude(svg, "NaN")
    assert.notInclude(textsOf(chart([0.5, 0.6])), "not finite")
  })

  it("has room for lines without any value", () => {
    assert.notInclude(chart([Number.NaN, Number.POSITIVE_INFINITY]), "Infinity")
  })
})

describe("ridges", () => {
  it("know below which value a part of the numbers lies: half of two equal bins is where they meet", () => {
    const even = { low: -1, high: 1, counts: [10, 10] }
    assert.deepStrictEqual(
      [0, 0.25, 0.5, 1].map((part) => quantile(even, part)),
      [-1, -0.5, 0, 1]
    )
    assert.strictEqual(quantile({ low: 0, high: 4, counts: [0, 0, 5, 0] }, 0.5), 2.5)
  })

  it("have a row for every time, with a legend of what is drawn", () => {
    const ridges = ["positive similarity", "negative similarity"].map((kind) => ({
      kind,
      distribution: { low: -1, high: 1, counts: [1, 5, 2] }
    }))
    const svg = ridgeChart({
      title: "similarities",
      label: "cosine similarity",
      rows: ["epoch 1", "epoch 2"].map((name) => ({ name, ridges }))
    }).text
    assert.includeMembers(textsOf(svg), ["positive similarity", "negative similarity", "epoch 1", "epoch 2"])
    assert.strictEqual(numberOf(svg, /class="ridge/g), 4)
  })
})

describe("a map of features", () => {
  const points = Array.from({ length: 60 }, (_, i) => ({
    at: [Math.cos(i), Math.sin(i)] as const,
    label: i % 3
  }))

  it("has every point once, by class, the names of the classes, and thumbnails that do not cover each other", () => {
    const svg = featureMap({ title: "map", points, classes: ["a", "b", "c"], thumbnails: pictures }).text
    assert.strictEqual(numberOf(svg, /M[\d.-]+ [\d.-]+h0/g), 60)
    assert.includeMembers(textsOf(svg), ["a", "b", "c"])
    assert.include(svg, "<title>b: 20 images</title>")
    const places = [...svg.matchAll(/<svg x="([\d.-]+)" y="([\d.-]+)"/g)].map(([, x, y]) => [+x!, +y!])
    assert.isAbove(places.length, 5)
    for (const [i, [x, y]] of places.entries()) {
      for (const [otherX, otherY] of places.slice(i + 1)) {
        assert.isTrue(Math.abs(x! - otherX!) > 22 || Math.abs(y! - otherY!) > 22)
      }
    }
  })

  it("moves the names of classes apart that lie in one place", () => {
    const together = ["a", "b", "c"].map((_, label) => ({ at: [0, 0] as const, label }))
    const svg = featureMap({
      title: "map",
      points: [...together, { at: [1, 1], label: 3 }],
      classes: ["first", "second", "third", "far"],
      thumbnails: undefined
    }).text
    const heights = [...svg.matchAll(/class="halo" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => Number(y))
    const sorted = heights.toSorted((a, b) => a - b)
    assert.strictEqual(heights.length, 4)
    for (const [i, y] of sorted.slice(1).entries()) assert.isAtLeast(y - sorted[i]!, 14)
  })

  it("draws no point without a place, and points without classes", () => {
    const svg = featureMap({
      title: "map",
      points: [{ at: [0, 0] }, { at: [Number.NaN, 1] }, { at: [1, 1] }],
      classes: [],
      thumbnails: undefined
    }).text
    assert.strictEqual(numberOf(svg, /M[\d.-]+ [\d.-]+h0/g), 2)
    assert.include(svg, "no class: 2 images")
  })
})

describe("a confusion matrix", () => {
  it("says what part of each class was taken for which, in %", () => {
    const svg = confusionMatrix({
      title: "m",
      classes: ["cat", "dog"],
      counts: [
        [3, 1],
        [0, 0]
      ]
    }).text
    assert.includeMembers(textsOf(svg), ["75", "25", "cat", "dog"])
    assert.include(svg, "cat taken for dog: 1 of 4")
    assert.include(svg, 'fill-opacity="0.75"')
  })
})

describe("pictures", () => {
  it("of neighbours are the query's and then those that were found, a wrong class crossed", () => {
    const svg = neighbourRow({
      query: {
        image: 7,
        label: 0,
        found: [
          { image: 1, label: 0, similarity: 0.93 },
          { image: 2, label: 1, similarity: -0.5 }
        ]
      },
      classes: ["cat", "dog"],
      pictures,
      first: 3
    }).text
    assert.deepStrictEqual(
      [...svg.matchAll(/viewBox="(\d+) (\d+) 10 10"/g)].map(([, x, y]) => [x, y]),
      [
        ["30", "0"],
        ["0", "10"],
        ["10", "10"]
      ]
    )
    assert.strictEqual(numberOf(svg, /<path class="wrong"/g), 1)
    assert.includeMembers(textsOf(svg), ["cat", ".930", "-.500"])
    assert.include(svg, "image 2: dog, similarity -0.500")
  })

  it("in a grid are all there, in order", () => {
    const svg = pictureGrid({ title: "views", pictures, columns: 8, group: 2 }).text
    assert.strictEqual(numberOf(svg, /<use href="#pictures-a"\/>/g), 40)
  })
})
