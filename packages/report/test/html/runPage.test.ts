import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { forbidden } from "@moco/core/testing"
import type { Inspection } from "@moco/evaluation/Inspection"
import type { RunEvent } from "@moco/train/RunLog"
import { Effect } from "effect"
import { parseHTML } from "linkedom"
import { comparePage } from "../../src/html/compare/comparePage.ts"
import type { Inspected } from "../../src/html/run/RunSource.ts"
import { readSource } from "../../src/html/run/readSource.ts"
import { runPage } from "../../src/html/run/runPage.ts"
import { writeRunReport } from "../../src/html/write.ts"
import { commandsOf, fresh, limit, pageOf, sourceOf, textOf } from "./pageOf.ts"
import { measurementsOf, sampleEvents, stepEvent, writeSampleRun } from "./sampleRun.ts"

describe("the report of a run", () => {
  it("has every section, in one file that asks for nothing", async () => {
    const folder = await writeSampleRun(join(fresh(), "run"))
    const out = join(folder, "report.html")
    await Effect.runPromise(
      writeRunReport(folder, out, { commandsOf }).pipe(Effect.provide(NodeServices.layer))
    )
    const html = readFileSync(out, "utf8")
    assert.isBelow(statSync(out).size, limit)
    const { document } = parseHTML(html)
    assert.deepStrictEqual(
      [...document.querySelectorAll("section")].map(({ id }) => id),
      [
        ...["results", "run", "training", "scores", "afterwards", "similarities", "features", "confusion"],
        ...["neighbours", "views", "left-out", "protocols", "environment", "again"]
      ]
    )
    for (const element of document.querySelectorAll("[src],[href]")) {
      const address = element.getAttribute("src") ?? element.getAttribute("href")
      assert.match(address!, /^(#|data:)/)
    }
    assert.strictEqual(document.querySelectorAll("script,iframe,object,embed,form").length, 0)
    assert.strictEqual(document.querySelectorAll("[style]").length, 0)
    assert.match(html, /Content-Security-Policy" content="default-src 'none'; style-src 'sha256-/)
  })

  it("sets each metric beside its baselines, with its interval and the difference to the best of them", async () => {
    const text = textOf(await pageOf())
    // 0.8 - 0.15 exp(-12 / 4) + 1 / 2000, against raw pixels' 0.7715 + 1 / 2000
    assert.include(text, "79.3")
    assert.include(text, "77.3 to 81.3")
    assert.include(text, "+2.10 points")
    assert.include(text, "better than raw pixels")
    // Lower is better of uniformity: -3.1 (1 - exp(-3)) - 0.4 is below -0.71.
    assert.include(text, "\u22122.636")
    assert.include(text, "loss.temperature")
  })

  it("says of images with labels whose classes were not compared that it is so, and of others that they have none", async () => {
    const source = await sourceOf()
    assert.isTrue("value" in source.inspected)
    if (!("value" in source.inspected)) return
    const { confusion: _, ...inspection } = source.inspected.value.inspection
    const { classes: __, ...unlabelled } = inspection
    const shown = (inspection: Inspection) => {
      const value = { ...(source.inspected as { value: Inspected }).value, inspection }
      return textOf(runPage({ ...source, inspected: { value } }))
    }
    assert.include(shown(inspection), "Not shown: it was not made")
    assert.include(shown(unlabelled), "Not shown: the images have no labels")
  })

  it("says in words what is missing where a run was neither inspected nor evaluated", async () => {
    const events = sampleEvents().filter(({ event }) => event !== "evaluation")
    const text = textOf(await pageOf({ events, isInspected: false }))
    assert.include(text, "Nothing has been evaluated yet.")
    assert.include(text, "there is no inspection/inspection.json that can be read")
    assert.include(text, "no evaluation of this run says how similarities are distributed")
    assert.include(text, "How training went")
  })

  it("shows what was evaluated afterwards: when, of which encoder, beside baselines of the same protocol", async () => {
    const folder = await writeSampleRun(join(fresh(), "run"))
    const measurements = [
      ...measurementsOf("trained encoder", 0.9, 0.5),
      ...measurementsOf("raw pixels", 0.85, 0.5),
      ...measurementsOf("untrained encoder", 0.123, 0.5).map((one) => ({ ...one, protocol: "otherwise" }))
    ]
    const line = (time: string, which: string) =>
      JSON.stringify({
        ...{ time, which, step: 744, weights: "0123456789abcdef", measurements },
        images: { name: `fashion\u001b[2J`, sha256: "fedcba9876543210" }
      })
    writeFileSync(
      join(folder, "evaluations.jsonl"),
      `${line("2026-02-03T04:05:06.000Z", "best")}\nno JSON\n${line("2026-03-03T04:05:06.000Z", "last")}\n`
    )
    const source = await Effect.runPromise(
      readSource(folder, commandsOf).pipe(Effect.provide(NodeServices.layer))
    )
    const html = runPage(source)
    assert.deepStrictEqual(forbidden(html.replaceAll(/[\n\t]/g, "")), [])
    const section = parseHTML(html).document.querySelector("#afterwards")!
    assert.deepStrictEqual(
      [...section.querySelectorAll("h3")].map(({ textContent }) => textContent.slice(0, 57)),
      [
        "2026-03-03 04:05 UTC: the last state, after 744 steps, we",
        "2026-02-03 04:05 UTC: the best state, after 744 steps, we"
      ]
    )
    const text = section.textContent.replaceAll(/\s+/g, " ")
    assert.include(text, "weights 0123456789ab, images fashion\\u001b[2J fedcba987654")
    // 0.9 + 1 / 2000 and its interval, against raw pixels' 0.85 + 1 / 2000
    for (const words of ["90.1", "88.0 to 92.0", "+5.00 points", "better than raw pixels"]) {
      assert.include(text, words)
    }
    assert.include(text, "the label with the most votes of the 200 nearest training images")
    assert.notInclude(text, "untrained encoder")
    assert.match(text, /Left out: evaluations\.jsonl, line 2: /)
  })

  it("leaves out pictures that are none, and says which", async () => {
    const folder = await writeSampleRun(join(fresh(), "run"))
    writeFileSync(join(folder, "inspection", "pairs.png"), "<svg onload=alert(1)>")
    const source = await Effect.runPromise(
      readSource(folder, commandsOf).pipe(Effect.provide(NodeServices.layer))
    )
    const html = runPage(source)
    assert.include(textOf(html), "pairs.png: it is neither PNG nor WebP")
    assert.notInclude(html, "pictures-pairs")
    assert.include(html, 'id="pictures-thumbnails"')
  })

  it("reads no picture from elsewhere", async () => {
    const folder = await writeSampleRun(join(fresh(), "run"))
    const file = join(folder, "inspection", "inspection.json")
    const inspection = JSON.parse(readFileSync(file, "utf8"))
    inspection.pairs.file = "../inspection/pairs.png"
    inspection.filters.columns = 0
    writeFileSync(file, JSON.stringify(inspection))
    const source = await Effect.runPromise(
      readSource(folder, commandsOf).pipe(Effect.provide(NodeServices.layer))
    )
    const text = textOf(runPage(source))
    assert.include(text, "it is no file beside the inspection")
    assert.include(text, "its measures are impossible")
  })

  it("keeps below 2 MB however long a run is, and however much was measured", async () => {
    const long = Array.from({ length: 5000 }, (_, i) => stepEvent(i % 744))
    const evaluations = Array.from(
      { length: 200 },
      (_, epoch): RunEvent => ({
        event: "evaluation",
        step: epoch,
        epoch,
        measurements: measurementsOf("trained encoder", 0.7, 0.5).flatMap((found) =>
          Array.from({ length: 5 }, (_, i) => ({ ...found, metric: `${found.metric} ${i}` }))
        ),
        seconds: 1
      })
    )
    const source = await sourceOf({ events: [stepEvent(0)] })
    const run = { ...source.run, events: [...long, ...evaluations] }
    assert.isBelow(Buffer.byteLength(runPage({ ...source, run })), limit)
    const many = Array.from({ length: 20 }, (_, i) => ({ ...run, name: `run ${i}` }))
    assert.isBelow(Buffer.byteLength(comparePage(many)), limit)
  })
})
