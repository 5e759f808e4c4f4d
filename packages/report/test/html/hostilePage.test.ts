import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { forbidden } from "@moco/core/testing"
import type { RunEvent } from "@moco/train/RunLog"
import { Effect } from "effect"
import { parseHTML } from "linkedom"
import { comparePage } from "../../src/html/compare/comparePage.ts"
import { readSource } from "../../src/html/run/readSource.ts"
import { runPage } from "../../src/html/run/runPage.ts"
import { commandsOf, fresh, limit, sourceOf, textOf } from "./pageOf.ts"
import { measurementsOf, sampleConfig, sampleEvents, writeSampleRun } from "./sampleRun.ts"

describe("a report beside hostile evaluations.jsonl", () => {
  const measured = (i: number, length: number) => ({
    ...measurementsOf(`${'"'.repeat(length)} ${i}`, 0.5, 0.5)[0]!,
    metric: `${"<".repeat(length)} ${i}`,
    protocol: `${"&".repeat(length)} ${i}`,
    unit: "'".repeat(length)
  })
  const lineOf = (count: number, length: number, subject?: string) =>
    JSON.stringify({
      ...{ time: "2026-03-03T04:05:06.000Z", which: "last", weights: "w".repeat(length) },
      images: { name: "i".repeat(length), sha256: "s" },
      measurements: Array.from({ length: count }, (_, i) => ({
        ...measured(i, length),
        ...(subject === undefined ? {} : { subject })
      }))
    })
  const pageBeside = async (text: string) => {
    const folder = await writeSampleRun(join(fresh(), "run"))
    writeFileSync(join(folder, "evaluations.jsonl"), text)
    return runPage(
      await Effect.runPromise(readSource(folder, commandsOf).pipe(Effect.provide(NodeServices.layer)))
    )
  }

  it("keeps below 2 MB, however many measurements there are in a line, and says how many more there are", async () => {
    const html = await pageBeside(`${lineOf(40_000, 10)}\n`)
    assert.isBelow(Buffer.byteLength(html), limit)
    assert.match(textOf(html), /and 399\d\d more measurements, in evaluations\.jsonl/)
  })

  it("keeps below 2 MB, however long names are, and however many evaluations, and says how many more", async () => {
    for (const text of [
      lineOf(3, 1_000_000, "trained encoder"),
      Array.from({ length: 12 }, () => lineOf(300, 1000, "trained encoder")).join("\n"),
      Array.from({ length: 12 }, () => lineOf(300, 1000)).join("\n"),
      "{}\n".repeat(20_000)
    ]) {
      const html = await pageBeside(`${text}\n`)
      assert.isBelow(Buffer.byteLength(html), limit)
      assert.match(textOf(html), /Evaluated afterwards.*(trained encoder|and \d+ (earlier|more))/)
    }
  })

  it("is read no further than a bound, and says so", async () => {
    const html = await pageBeside(`${" ".repeat(2 ** 24)}\n`)
    assert.include(textOf(html), "Left out: evaluations.jsonl: it has 16777217 bytes")
  })
})

describe("hostile names", () => {
  const bad = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u001b[2J\u202e&amp;`

  it("in data, classes, metrics and files are shown, and none of them acts", async () => {
    const config = sampleConfig()
    const events = sampleEvents().map(
      (event): RunEvent =>
        event.event === "evaluation"
          ? {
              ...event,
              measurements: event.measurements.map((found) => ({
                ...found,
                metric: `${bad}${found.metric}`,
                unit: found.unit === "" ? bad : found.unit,
                protocol: bad,
                evaluation: found.evaluation === "pretext" ? "pretext" : bad
              }))
            }
          : event
    )
    const standstill: RunEvent = {
      event: "standstill",
      step: 3,
      epoch: 0,
      metric: bad,
      value: 0,
      message: bad
    }
    const source = await sourceOf({
      config,
      events: [...events.slice(0, -1), standstill, ...events.slice(-1)],
      classes: Array.from({ length: 10 }, (_, i) => `${bad}${i}`)
    })
    const run = { ...source.run, name: bad }
    const html = runPage({
      ...source,
      run,
      quarantine: [{ file: bad, problem: bad }],
      commands: { repeat: bad },
      failure: bad
    })
    for (const page of [html, comparePage([run, { ...run, name: `${bad} 2` }])]) {
      assert.notMatch(page, /<script|<img|alert\(2\)'>/)
      assert.deepStrictEqual(forbidden(page.replaceAll(/[\n\t]/g, "")), [])
      const { document } = parseHTML(page)
      assert.strictEqual(document.querySelectorAll("script,img,[onerror],[onload]").length, 0)
      assert.include(document.body.textContent, "<script>alert(1)</script>")
    }
  })
})
