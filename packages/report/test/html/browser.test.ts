import { existsSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Browser, chromium } from "playwright-core"
import { comparePage } from "../../src/html/compare/comparePage.ts"
import type { RunSource } from "../../src/html/run/RunSource.ts"
import { readSource } from "../../src/html/run/readSource.ts"
import { runPage } from "../../src/html/run/runPage.ts"
import { studyPage } from "../../src/html/study/studyPage.ts"
import { writeSampleRun } from "./sampleRun.ts"
import { sampleStudy } from "./sampleStudy.ts"

/** A browser may be named by the variable; where there is none, nothing can be opened. */
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium"
const reason = `no browser at ${executablePath}: install chromium, or name one by the variable CHROMIUM`

const schemes = ["light", "dark"] as const
const widths = { phone: 390, screen: 1280 }

describe.skipIf(!existsSync(executablePath))(
  `a report in a browser (skipped where there is ${reason})`,
  () => {
    let browser: Browser
    const pages: Array<{ readonly name: string; readonly file: string; readonly numCharts: number }> = []

    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), "browser-"))
      const read = async (isInspected: boolean, name: string) =>
        Effect.runPromise(
          readSource(await writeSampleRun(join(folder, name), { isInspected }), () => ({ repeat: "x" })).pipe(
            Effect.provide(NodeServices.layer)
          )
        )
      const whole = await read(true, "whole")
      const bare = await read(false, "bare")
      const compared = ({ commands, environment, run }: RunSource) => ({ ...run, commands, environment })
      const put = (name: string, html: string, numCharts: number) => {
        const file = join(folder, `${name}.html`)
        writeFileSync(file, html)
        pages.push({ name, file, numCharts })
      }
      // Steps 6, metrics 8, ridges; maps 2, confusion, queries 16, views, filters.
      put("whole", runPage(whole), 6 + 8 + 1 + 2 + 1 + 16 + 2)
      put("bare", runPage(bare), 6 + 8 + 1)
      put("compared", comparePage([whole, bare].map(compared)), 6 + 8 + 1)
      put("study", studyPage(sampleStudy()), 2)
      browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
    })

    afterAll(() => browser.close())

    const open = async (file: string, width: number, colorScheme: "light" | "dark") => {
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme })
      const page = await context.newPage()
      const said: Array<string> = []
      const asked: Array<string> = []
      page.on("console", (message) => said.push(message.text()))
      page.on("pageerror", (error) => said.push(error.message))
      page.on("request", (request) => asked.push(request.url()))
      await page.goto(pathToFileURL(file).href)
      return { context, page, said, asked: asked.filter((url) => !url.startsWith("data:")) }
    }

    it("opens from disk without a word of complaint, asks for nothing else, and shows every plot", async () => {
      for (const { file, name, numCharts } of pages) {
        for (const scheme of schemes) {
          for (const width of Object.values(widths)) {
            const { asked, context, page, said } = await open(file, width, scheme)
            assert.deepStrictEqual(said, [], name)
            assert.deepStrictEqual(asked, [pathToFileURL(file).href])
            const sizes = await page.locator("svg.chart, .paper > svg").evaluateAll((charts) =>
              charts.map((chart) => {
                const { height, width } = chart.getBoundingClientRect()
                return [width, height] as const
              })
            )
            assert.strictEqual(sizes.length, numCharts, name)
            for (const [chartWidth, height] of sizes) {
              assert.isAbove(chartWidth, 250)
              assert.isAbove(height, 50)
            }
            await context.close()
          }
        }
      }
    })

    it("fits a phone: nothing is wider than 390 pixels, and no text is smaller than 9", async () => {
      for (const { file, name } of pages) {
        const { context, page } = await open(file, widths.phone, "light")
        assert.strictEqual(await page.evaluate("document.documentElement.scrollWidth"), widths.phone, name)
        const smallest = await page.evaluate(`Math.min(
        ...Array.from(document.querySelectorAll("svg.chart text, .paper > svg > text"), (text) => {
          const svg = text.ownerSVGElement
          const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
          return scale * Number.parseFloat(getComputedStyle(text).fontSize)
        })
      )`)
        assert.isAtLeast(Number(smallest), 9, name)
        await context.close()
      }
    })

    it("draws the charts of a study in the reader's colours, as text and lines that stand out", async () => {
      const { file } = pages.find(({ name }) => name === "study")!
      for (const scheme of schemes) {
        const { context, page } = await open(file, widths.screen, scheme)
        const [ground, ...inks] = (await page.evaluate(`(() => {
          const svg = document.querySelector(".paper > svg")
          const of = (element) => getComputedStyle(element).fill
          return [of(svg.querySelector("rect")), of(svg.querySelector("text")),
            ...Array.from(svg.querySelectorAll("text[fill], g[fill] > text"), of)]
        })()`)) as ReadonlyArray<string>
        assert.isAbove(inks.length, 5)
        assert.strictEqual(luminance(ground!) > 0.5, scheme === "light")
        for (const ink of inks.filter((colour) => colour.startsWith("rgb"))) {
          assert.isAtLeast(contrast(ground!, ink), 3, `${scheme}: ${ink} on ${ground}`)
        }
        await context.close()
      }
    })

    it("has text that stands out from its ground in both colour schemes", async () => {
      const [{ file }] = pages as [(typeof pages)[number]]
      const grounds: Array<string> = []
      for (const scheme of schemes) {
        const { context, page } = await open(file, widths.screen, scheme)
        const colours = (await page.evaluate(`(() => {
        const card = getComputedStyle(document.querySelector(".card")).backgroundColor
        const of = (selector, property) => getComputedStyle(document.querySelector(selector))[property]
        return [card, of("body", "color"), of(".how", "color"), of("svg.chart .tick", "fill"),
          of("svg.chart .s0", "stroke"), of(".better", "color")]
      })()`)) as ReadonlyArray<string>
        const [ground, ...inks] = colours
        grounds.push(ground!)
        // WCAG 2.1, 1.4.3: 4.5 for text.
        for (const ink of inks)
          assert.isAtLeast(contrast(ground!, ink), 4.5, `${scheme}: ${ink} on ${ground}`)
        await context.close()
      }
      assert.strictEqual(new Set(grounds).size, 2)
    })
  }
)

/** WCAG 2.1's contrast ratio of two colours, as `rgb(r, g, b)`. */
const contrast = (a: string, b: string): number => {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light! + 0.05) / (dark! + 0.05)
}

const luminance = (colour: string): number => {
  const [red, green, blue] = colour
    .match(/\d+/g)!
    .slice(0, 3)
    .map((value) => Number(value) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}
