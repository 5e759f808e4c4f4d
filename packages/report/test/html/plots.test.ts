import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { parseHTML } from "linkedom"
import sharp from "sharp"
import { schemes } from "../../src/charts/inline/style.ts"
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

/** Of the corner of a picture, as `#rrggbb`. */
const cornerOf = async (png: Uint8Array) => {
  const pixel = await sharp(png).extract({ left: 0, top: 0, width: 1, height: 1 }).raw().toBuffer()
  return `#${pixel.subarray(0, 3).toString("hex")}`
}

describe("the plots of a page", () => {
  it("are all of its charts, each under a name of its own", async () => {
    const html = await pageOfSample()
    const plots = await plotsOf(html, "light")
    const { document } = parseHTML(html)
    assert.strictEqual(plots.length, document.querySelectorAll("svg.chart").length)
    assert.strictEqual(new Set(plots.map(({ name }) => name)).size, plots.length)
    assert.includeMembers(
      plots.map(({ name }) => name),
      ["loss-by-epoch", "features-by-umap", "confusion-matrix", "query-and-key-views"]
    )
  })

  it("hold every picture that they show, and name no colour that stands elsewhere", async () => {
    for (const { name, svg } of await plotsOf(await pageOfSample(), "dark")) {
      const { document } = parseHTML(svg)
      assert.notInclude(svg, "var(", name)
      assert.strictEqual(document.querySelectorAll("use,image:not([href^='data:image/png'])").length, 0, name)
    }
  })

  it("show the part of a picture that the page shows", async () => {
    const html = await pageOfSample()
    const [, base64] = /<image id="pictures-pairs" href="data:image\/\w+;base64,([^"]+)"/.exec(html)!
    const whole = Buffer.from(base64!, "base64")
    const plot = (await plotsOf(html, "light")).find(({ name }) => name === "query-and-key-views")!
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
  })

  it.each(["light", "dark"] as const)("are written as SVG and PNG, on a %s ground", async (ground) => {
    const folder = join(fresh(), "new", "plots")
    const html = `<svg class="chart" viewBox="0 0 30 20" aria-label="A &lt;name&gt;/../of it"><text>x</text></svg>`
    const count = await Effect.runPromise(
      writePlots(html + html, folder, ground).pipe(Effect.provide(NodeServices.layer))
    )
    assert.strictEqual(count, 2)
    assert.sameMembers(readdirSync(folder), [
      ...["a-name-of-it.svg", "a-name-of-it.png"],
      ...["a-name-of-it-2.svg", "a-name-of-it-2.png"]
    ])
    const corner = await cornerOf(readFileSync(join(folder, "a-name-of-it.png")))
    assert.strictEqual(corner, ground === "light" ? "#ffffff" : schemes.dark["card"])
  })
})
