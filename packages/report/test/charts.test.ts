import { createRequire } from "node:module"
import { inflateSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { rawPixels, untrainedEncoder } from "@moco/evaluation/subjects"
import type { CellReport, ChartData, Settings } from "@moco/study/Report"
import { estimate } from "@moco/study/statistics"
import { stepMetrics } from "@moco/train/stepMetrics"
import { Resvg } from "@resvg/resvg-js"
import fc from "fast-check"
import { epochChart, quantityOf } from "../src/charts/epochChart.ts"
import { spread } from "../src/charts/labels.ts"
import { metricChart } from "../src/charts/metricChart.ts"
import { renderPng } from "../src/charts/png.ts"
import { lineHeight, numLines, textWidth, wrap } from "../src/charts/text.ts"

const deviations = [-0.006, -0.002, 0, 0.003, 0.005]

/** A cell around `mean`; without one, a cell whose every seed has failed. */
const cell = (settings: Settings, mean?: number, numSeeds = 5, chanceLoss = Math.log(1025)): CellReport => {
  const values =
    mean === undefined
      ? []
      : deviations.slice(0, numSeeds).map((deviation, i) => ({ seed: i + 1, value: mean + deviation }))
  const epochs = values.length === 0 ? [] : [1, 2, 3, 4]
  return {
    settings,
    values,
    estimate: estimate(values.map(({ value }) => value)),
    numSteps: 100,
    failures: mean === undefined ? [{ seed: 1, reason: "the loss is not finite" }] : [],
    curve: epochs.map((epoch) => ({
      epoch,
      metrics: { loss: chanceLoss / Math.sqrt(epoch), pretextAccuracy: 0.2 * epoch }
    })),
    levels: values.length === 0 ? {} : { chanceLoss }
  }
}

const metric = knnAccuracy(200, 0.1)

const study = (chart: ChartData["chart"], cells: ReadonlyArray<CellReport>): ChartData => ({
  study: "a study",
  chart,
  cells,
  metric,
  baselines: [measured(metric, rawPixels, 0.76), measured(metric, untrainedEncoder, 0.3)]
})

const sizes = [128, 512, 1024, 4096]
const dictionary = study(
  { x: "K", series: "mechanism", logarithmic: true },
  ["queue", "memory bank", "end-to-end"].flatMap((mechanism, i) =>
    sizes
      .slice(0, mechanism === "end-to-end" ? 3 : 4)
      .map((K, j) => cell({ mechanism, K }, 0.7 + 0.02 * j - 0.03 * i, 5, Math.log(K + 1)))
  )
)
const momentum = study({ x: "m" }, [
  cell({ m: 0 }),
  ...[0.9, 0.99, 0.999, 0.9999].map((m, i) => cell({ m }, 0.6 + 0.04 * i))
])
const single = study({ x: "m" }, [cell({ m: 0.999 }, 0.71, 1)])
const failed = study({ x: "m", series: "kind" }, [cell({ m: 0, kind: "a" }), cell({ m: 1, kind: "b" })])
const long = study(
  { x: "batch norm", series: "encoder" },
  ["split <over> the batch & shuffled", "hyperparametrisationlessness"].flatMap((norm, i) =>
    ["a residual network of eighteen layers", '"tiny"'].map((encoder) =>
      cell({ "batch norm": norm, encoder }, 0.6 + 0.05 * i)
    )
  )
)
const studies = { dictionary, momentum, single, failed, long }
const charts = { metricChart, epochChart }
const all = Object.entries(studies).flatMap(([name, data]) =>
  Object.entries(charts).map(([kind, draw]) => ({ title: `${kind} of ${name}`, data, draw }))
)

const count = (svg: string, label: string) => svg.split(`aria-label="${label}"`).length - 1

/** The texts of an SVG as a reader sees them, lines joined. */
const textsOf = (svg: string) =>
  [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/gs)].map(([, inner]) =>
    inner!.replaceAll(/<\/tspan><tspan[^>]*>/g, " ").replaceAll(/<[^>]*>/g, "")
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

describe("epochChart", () => {
  it("draws the loss and the pretext accuracy of every cell that has finished", () => {
    const svg = epochChart(dictionary)
    assert.strictEqual(count(svg, "mean over seeds"), 22)
    assert.strictEqual(textsOf(svg).filter((text) => text === "K = 1,024").length, 6)
    assert.strictEqual(textsOf(svg).filter((text) => text === "memory bank").length, 2)
    assert.strictEqual(count(epochChart(momentum), "mean over seeds"), 8)
  })

  it("marks every distinct chance level once a plot", () => {
    assert.strictEqual(count(epochChart(dictionary), "chance"), 11)
    assert.strictEqual(count(epochChart(momentum), "chance"), 1)
    assert.include(textsOf(epochChart(momentum)), "chance, 6.93")
    assert.include(textsOf(epochChart(dictionary)), "chance, K = 4,096")
  })

  it("draws a part and the levels that it is compared with in %", () => {
    const curve = {
      ...{ name: "only", color: "black", epochs: [{ epoch: 1, metrics: { part: 0.25 } }] },
      levels: { even: 0.1 }
    }
    const drawn = quantityOf(
      ["part", { ...stepMetrics.pretextAccuracy, levels: { chance: "even" } }],
      [curve]
    )
    assert.strictEqual(drawn.of(curve.epochs[0]!), 25)
    assert.deepStrictEqual(
      drawn.levelsOf([curve]).map(({ level, name }) => [name, level]),
      [["chance", 10]]
    )
    assert.isTrue(drawn.domain[0]! <= 10 && drawn.domain[1]! >= 25)
  })

  it("leaves out a loss that is not finite", () => {
    const [first, ...rest] = single.cells[0]!.curve
    const [second, ...later] = rest
    const broken = { ...second!, metrics: { ...second!.metrics, loss: Number.NaN } }
    const drawn = (curve: ChartData["cells"][number]["curve"]) =>
      epochChart({ ...single, cells: [{ ...single.cells[0]!, curve }] })
    assert.notInclude(drawn([first!, broken, ...later]), "NaN")
    assert.notStrictEqual(drawn([first!, broken, ...later]), drawn([first!, second!, ...later]))
  })
})

/** Width, height and unpacked pixel rows of a PNG. */
const readPng = (bytes: Uint8Array) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const data: Array<Uint8Array> = []
  for (let at = 8; at < bytes.length; ) {
    const length = view.getUint32(at)
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (name === "IDAT") data.push(bytes.subarray(at + 8, at + 8 + length))
    at += 12 + length
  }
  return { width: view.getUint32(16), height: view.getUint32(20), rows: inflateSync(Buffer.concat(data)) }
}

describe("renderPng", () => {
  it("draws twice the size of the chart, or a given width", () => {
    const svg = metricChart(dictionary)
    const chart = new Resvg(svg)
    const png = renderPng(svg)
    assert.deepStrictEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10])
    const { height, rows, width } = readPng(png)
    assert.deepStrictEqual([width, height], [2 * chart.width, 2 * chart.height])
    assert.isAbove(new Set(rows).size, 100)
    assert.strictEqual(readPng(renderPng(svg, 500)).width, 500)
  })

  it.each(["normal", "bold"])("draws %s text with the fonts of the package", (weight) => {
    const text = `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20" fill="white"/><text y="15" font-family="DejaVu Sans" font-weight="${weight}">queue</text></svg>`
    assert.isAbove(new Set(readPng(renderPng(text)).rows).size, 20)
  })
})

const fontFile = createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf")

describe("text", () => {
  it.each(["queue", "memory bank", "K = 1,024", "untrained encoder", "MOMENTUM", "0.9999", "end-to-end"])(
    "is never taken for narrower than it is: %s",
    (text) => {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="200"><text y="150" font-family="DejaVu Sans" font-size="100">${text}</text></svg>`
      const width = new Resvg(svg, { font: { loadSystemFonts: false, fontFiles: [fontFile] } }).getBBox()!
        .width
      assert.isAtLeast(textWidth(text, 100), 0.98 * width)
      assert.isAtMost(textWidth(text, 100), 1.2 * width)
    }
  )

  it("always breaks into lines that fit, unless a single word does not", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-zK0-9]{1,9}$/), { minLength: 1 }), (words) => {
        const lines = wrap(words.join(" "), 80).split("\n")
        assert.deepStrictEqual(lines.join(" "), words.join(" "))
        for (const line of lines) assert.isTrue(textWidth(line) <= 80 || !line.includes(" "), line)
      })
    )
  })
})

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
