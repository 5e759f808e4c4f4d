import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { parseHTML } from "linkedom"
import sharp from "sharp"
import { schemes } from "../../src/charts/inline/style.ts"
import { renderPng } from "../../src/charts/png.ts"
import { plotsOf } from "../../src/html/plots.ts"
import { readSource } from "../../src/html/run/readSource.ts"
import { runPage } from "../../src/html/run/runPage.ts"
import { writePlots } from "../../src/html/writePlots.ts"
import { writeSampleRun } from "./sampleRun.ts"

const fresh = () => mkdtempSync(join(tmpdir(), "plots-"))

const pageOfSample = async () => {
  const folder = await writeSampleRun(join(fresh(), "run"), {})
  const source = readSource(folder, () => ({ repeat: "npx moco train" }))
  return runPage(await Effect.runPromise(source.pipe(Effect.provide(NodeServices.layer))))
}

const chartOf = (title: string) =>
  `<svg class="chart" viewBox="0 0 30 20.3" aria-label="${title}"><text>x</text></svg>`

/** The picture of pairs in a page: what stands before its bytes, and these. */
const pairs = /(<image id="pictures-pairs" href="data:image\/\w+;base64,)([^"]+)/

const onePixel = await sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } })
  .png()
  .toBuffer()
  .then((bytes) => bytes.toString("base64"))

/** Of the corners of a picture that are opposite to each other, as `#rrggbb`. */
const cornersOf = async (png: Uint8Array) => {
  const { height = 0, width = 0 } = await sharp(png).metadata()
  return await Promise.all(
    [
      { left: 0, top: 0 },
      { left: width - 1, top: height - 1 }
    ].map(async (at) => {
      const pixel = await sharp(png)
        .extract({ ...at, width: 1, height: 1 })
        .raw()
        .toBuffer()
      return `#${pixel.subarray(0, 3).toString("hex")}`
    })
  )
}

describe("the plots of a page", () => {
  it("are all of its charts, each under a name of its own", async () => {
    const html = await pageOfSample()
    const { left, plots } = await plotsOf(html, "light")
    assert.deepStrictEqual(left, [])
    const { document } = parseHTML(html)
    assert.strictEqual(plots.length, document.querySelectorAll("svg.chart").length)
    assert.strictEqual(new Set(plots.map(({ name }) => name)).size, plots.length)
    assert.includeMembers(
      plots.map(({ name }) => name),
      ["loss-by-epoch", "features-by-umap", "confusion-matrix", "query-and-key-views"]
    )
  })

  it("hold every picture that they show, and name no colour that stands elsewhere", async () => {
    for (const { name, svg } of (await plotsOf(await pageOfSample(), "dark")).plots) {
      const { document } = parseHTML(svg)
      assert.notInclude(svg, "var(", name)
      assert.strictEqual(document.querySelectorAll("use,image:not([href^='data:image/png'])").length, 0, name)
    }
  })

  it("show the part of a picture that the page shows", async () => {
    const html = await pageOfSample()
    const [, base64] = /<image id="pictures-pairs" href="data:image\/\w+;base64,([^"]+)"/.exec(html)!
    const whole = Buffer.from(base64!, "base64")
    const plot = (await plotsOf(html, "light")).plots.find(({ name }) => name === "query-and-key-views")!
    const second = [...plot.svg.matchAll(/<image [^>]*href="data:image\/png;base64,([^"]+)"/g)][1]![1]!
    const boxes = [...html.matchAll(/viewBox="([\d. ]+)"><use href="#pictures-pairs"/g)]
    const [left, top, width, height] = boxes[1]![1]!.split(" ").map(Number) as [
      number,
      number,
      number,
      number
    ]
    const part = sharp(whole).extract({ left, top, width, height })
    assert.deepStrictEqual(
      await sharp(Buffer.from(second, "base64")).removeAlpha().raw().toBuffer(),
      await part.removeAlpha().raw().toBuffer()
    )
    // And as PNG: stripes of many grays, where the page's colours are few.
    const drawn = await sharp(renderPng(plot.svg)).removeAlpha().raw().toBuffer()
    assert.isAbove(new Set(drawn).size, 100)
  })

  it("have names that are free, however their titles meet, and that a file can have", async () => {
    const long = "x".repeat(300)
    const titles = ["rank", "rank", "rank 2", "\u043f\u043b\u043e\u0442", "\u56f3", long, long]
    const html = titles.map((title) => chartOf(title)).join("")
    const names = (await plotsOf(html, "light")).plots.map(({ name }) => name)
    assert.deepStrictEqual(names.slice(0, 5), ["rank", "rank-2", "rank-2-2", "plot", "plot-2"])
    assert.strictEqual(new Set(names).size, titles.length)
    for (const name of names) assert.isBelow(name.length, 100)
  })

  it.each([
    {
      what: "is cut off",
      spoil: (page: string) => page.replace(pairs, (_, head, data) => head + data.slice(0, 400))
    },
    {
      what: "is smaller than it is said to be",
      spoil: (page: string) => page.replace(pairs, (_, head) => head + onePixel)
    },
    {
      what: "has more pixels than it is said to have",
      spoil: (page: string) => page.replace(/(<image id="pictures-pairs"[^>]*) width="\d+"/, '$1 width="1"')
    }
  ])("stand without a picture that $what, which is told", async ({ spoil }) => {
    const html = await pageOfSample()
    const whole = await plotsOf(html, "light")
    const { left, plots } = await plotsOf(spoil(html), "light")
    assert.strictEqual(left.length, 1)
    assert.match(left[0]!, /^pictures-pairs: ./)
    const differing = plots.filter(({ svg }, i) => svg !== whole.plots[i]!.svg)
    assert.deepStrictEqual(
      differing.map(({ name }) => name),
      ["query-and-key-views"]
    )
    assert.notInclude(differing[0]!.svg, "<image")
  })

  it.each(["light", "dark"] as const)("are written as SVG and PNG, on a %s ground", async (ground) => {
    const folder = join(fresh(), "new", "plots")
    const html = chartOf("A &lt;name&gt;/../of it")
    const { count } = await Effect.runPromise(
      writePlots(html + html, folder, ground).pipe(Effect.provide(NodeServices.layer))
    )
    assert.strictEqual(count, 2)
    assert.sameMembers(readdirSync(folder), [
      ...["a-name-of-it.svg", "a-name-of-it.png"],
      ...["a-name-of-it-2.svg", "a-name-of-it-2.png"]
    ])
    const ofGround = ground === "light" ? "#ffffff" : schemes.dark["card"]
    assert.deepStrictEqual(await cornersOf(readFileSync(join(folder, "a-name-of-it.png"))), [
      ofGround,
      ofGround
    ])
  })
})
