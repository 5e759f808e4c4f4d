import { inflateSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Resvg } from "@resvg/resvg-js"
import { inColours, schemes } from "../../src/charts/inline/style.ts"
import { metricChart } from "../../src/charts/metricChart.ts"
import { renderPng } from "../../src/charts/png.ts"
import { dictionary } from "./studies.ts"

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
    const svg = inColours(metricChart(dictionary), schemes.light)
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
