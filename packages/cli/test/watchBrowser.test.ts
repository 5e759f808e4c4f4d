import { appendFileSync, existsSync } from "node:fs"
import { afterAll, assert, beforeAll, describe, it, onTestFinished } from "@effect/vitest"
import { type Browser, chromium, type Page } from "playwright-core"
import { fresh } from "./program.ts"
import { addSteps, beginRun, logOf, serveFolder, stepLine } from "./watch/served.ts"

/** A browser may be named by the variable; where there is none, nothing can be opened. */
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium"
const reason = `no browser at ${executablePath}: install chromium, or name one by the variable CHROMIUM`

describe.skipIf(!existsSync(executablePath))(
  `the page of moco watch in a browser (skipped where there is ${reason})`,
  () => {
    let browser: Browser

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
    })

    afterAll(() => browser.close())

    const open = async (url: string, options: { width?: number; colorScheme?: "light" | "dark" } = {}) => {
      const { colorScheme = "light", width = 1280 } = options
      const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme })
      onTestFinished(() => context.close())
      const page = await context.newPage()
      const said: Array<string> = []
      const asked: Array<string> = []
      page.on("console", (message) => said.push(message.text()))
      page.on("pageerror", (error) => said.push(error.message))
      page.on("request", (request) => asked.push(new URL(request.url()).pathname))
      await page.goto(url)
      return { page, said, asked }
    }

    const curve = (page: Page) => page.locator('svg[aria-label="loss by epoch"] path.line').getAttribute("d")

    it("changes its plots and its title as the log grows, without being loaded again, and keeps the rest", async () => {
      const folder = beginRun(fresh(), 50)
      const { url } = await serveFolder(folder)
      const { asked, page, said } = await open(url)
      const before = await curve(page)
      await page.evaluate(`document.querySelector("#results h2").dataset.mine = "kept"`)
      addSteps(folder, 50, 100)
      await page.locator("dd", { hasText: "100 of 400" }).waitFor()
      assert.notStrictEqual(await curve(page), before)
      assert.match(await page.title(), /^25 % interrupted: run$/)
      assert.match(await page.locator("time[data-since]").innerText(), /days ago$/)
      assert.strictEqual(await page.locator("#results h2").getAttribute("data-mine"), "kept")
      assert.deepStrictEqual(said, [])
      assert.deepStrictEqual(asked, ["/", "/events"])
    })

    it("tells ages by the clock of the server, and not by the browser's, which is wrong here", async () => {
      const folder = beginRun(fresh(), 0)
      const time = new Date(Date.now() - 90_000).toISOString()
      appendFileSync(logOf(folder), stepLine(0).replace(/"time":"[^"]+"/, `"time":"${time}"`))
      const { url } = await serveFolder(folder)
      const context = await browser.newContext()
      onTestFinished(() => context.close())
      await context.addInitScript("Date.now = () => 0")
      const age = (page: Page) => page.locator("time", { hasText: /^1:[3-5]\d min ago$/ })
      // By the page alone, and by the events alone: a page that stood still while its machine slept.
      const [alone, asleep] = [await context.newPage(), await context.newPage()]
      await alone.route("**/events*", (route) => route.abort())
      await alone.goto(url)
      await age(alone).waitFor()
      await asleep.route(`${url}/`, async (route) => {
        const body = await (await route.fetch()).text()
        await route.fulfill({
          contentType: "text/html",
          body: body.replace(/data-now="\d+"/, 'data-now="0"')
        })
      })
      await asleep.goto(url)
      await age(asleep).waitFor()
      assert.strictEqual(await asleep.locator("html").getAttribute("data-now"), "0")
    })

    it("fits a phone, in both colour schemes", async () => {
      const { url } = await serveFolder(beginRun(fresh(), 50))
      const grounds: Array<unknown> = []
      for (const colorScheme of ["light", "dark"] as const) {
        const { page, said } = await open(url, { width: 390, colorScheme })
        assert.strictEqual(await page.evaluate("document.documentElement.scrollWidth"), 390)
        grounds.push(
          await page.evaluate("getComputedStyle(document.querySelector('.status')).backgroundColor")
        )
        assert.deepStrictEqual(said, [])
      }
      assert.strictEqual(new Set(grounds).size, 2)
    })

    it("says that the server is gone, and goes on by itself when it is there again", async () => {
      const folder = beginRun(fresh(), 50)
      const first = await serveFolder(folder)
      const { asked, page } = await open(first.url)
      const gone = page.locator("#gone")
      assert.isFalse(await gone.isVisible())
      await first.stop()
      await gone.waitFor({ state: "visible" })
      addSteps(folder, 50, 60)
      await serveFolder(folder, first.port)
      await gone.waitFor({ state: "hidden" })
      await page.locator("dd", { hasText: "60 of 400" }).waitFor()
      assert.deepStrictEqual(
        asked.filter((path) => path === "/"),
        ["/"]
      )
    })

    it("becomes the page of a run that begins while it is open", async () => {
      const folder = fresh()
      const { url } = await serveFolder(folder)
      const { page } = await open(url)
      assert.include(await page.innerText("body"), "no run and no study in this folder yet")
      beginRun(folder, 5)
      await page.locator("dd", { hasText: "5 of 400" }).waitFor()
      assert.isNotNull(await curve(page))
    })
  }
)
