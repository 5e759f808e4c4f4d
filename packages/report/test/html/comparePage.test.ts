import { assert, describe, it } from "@effect/vitest"
import { forbidden } from "@moco/core/testing"
import { type Measurement, measured } from "@moco/evaluation/Measurement"
import { parseHTML } from "linkedom"
import type { ComparedRun } from "../../src/html/compare/ComparedRun.ts"
import { comparePage } from "../../src/html/compare/comparePage.ts"
import { howToRead } from "../../src/html/sections/explain.ts"
import { measurementsOf, sampleConfig, sampleEvents, stepEvent } from "./sampleRun.ts"

const metric = {
  ...{ evaluation: "knn", metric: "kNN accuracy", unit: "fraction", protocol: "20 neighbours" },
  higherIsBetter: true
}

type Changes = Partial<Pick<Measurement, "higherIsBetter" | "protocol" | "unit">>

/** The cells of the runs in the table of scores, of runs that have measured this. */
const cellsOf = (...found: ReadonlyArray<readonly [value: number, changes?: Changes]>) => {
  const runs = found.map(([value, changes = {}], i) => ({
    name: `run ${i}`,
    config: sampleConfig(),
    events: [
      stepEvent(0),
      {
        ...{ event: "evaluation" as const, step: 1, epoch: 1, seconds: 1 },
        measurements: [measured({ ...metric, ...changes }, "trained encoder", value)]
      }
    ]
  }))
  const { document } = parseHTML(comparePage(runs))
  return [...document.querySelectorAll("#results td")].map(({ textContent }) => textContent)
}

describe("the star of a comparison", () => {
  it("marks the best score, the least where less is better", () => {
    assert.deepStrictEqual(cellsOf([0.5], [0.7], [0.6]), ["50.0", "70.0 ★", "60.0"])
    const least = { higherIsBetter: false }
    assert.deepStrictEqual(cellsOf([0.5, least], [0.7, least]), ["50.0 ★", "70.0"])
  })

  it("is not given where scores were measured by other protocols or in other units", () => {
    assert.deepStrictEqual(cellsOf([0.5], [0.7, { protocol: "200 neighbours" }]), ["50.0", "70.0"])
    assert.deepStrictEqual(cellsOf([0.5], [0.7, { unit: "nats" }]), ["50.0", "0.700"])
  })

  it("is not given to what has no direction, to one run alone, or to what is no number", () => {
    const none = { higherIsBetter: null }
    assert.deepStrictEqual(cellsOf([0.5, none], [0.7, none]), ["50.0", "70.0"])
    assert.deepStrictEqual(cellsOf([0.5]), ["50.0"])
    assert.deepStrictEqual(cellsOf([0.5], [Number.NaN]), ["50.0", "NaN"])
  })
})

const environment = {
  ...{ startedAt: "2026-01-01T00:00:00.000Z", version: "1.0.0", node: "v22.0.0", platform: "linux-x64" },
  images: { name: "fashion-mnist", sha256: "fedcba9876543210fedcba9876543210" }
}

const learned = (name: string, changes: Partial<ComparedRun> = {}): ComparedRun => ({
  ...{ name, config: sampleConfig(), events: sampleEvents(), environment },
  commands: { repeat: `npx moco train --config=${name}/config.json` },
  ...changes
})

/** The events of a run whose measurements of the trained encoder are others. */
const measuredOtherwise = (change: (found: Measurement) => Measurement) =>
  sampleEvents().map((event) =>
    event.event === "evaluation" ? { ...event, measurements: event.measurements.map(change) } : event
  )

const sectionOf = (runs: ReadonlyArray<ComparedRun>, id: string) =>
  parseHTML(comparePage(runs)).document.querySelector(`#${id}`)!

const rowsOf = (section: ReturnType<typeof sectionOf>) =>
  [...section.querySelectorAll("tr")].map(({ children }) =>
    [...children].map(({ textContent }) => textContent)
  )

describe("the report of several runs", () => {
  it("has a value with its interval for every run, and a shared baseline once with its own", () => {
    const results = sectionOf([learned("a"), learned("b")], "results")
    const row = rowsOf(results).find(([name]) => name!.startsWith("kNN accuracy (k = 200)"))!
    // 0.8 - 0.15 exp(-12 / 4) + 1 / 2000, and raw pixels' 0.7715 + 1 / 2000
    assert.strictEqual(row[1], "79.3 \u260577.3 to 81.32,000 images")
    assert.strictEqual(row[2], "79.377.3 to 81.32,000 images")
    assert.include(row[3], "77.275.2 to 79.2")
    const others = [0.05, 0.1].map((more, i) =>
      learned(`other ${i}`, {
        events: measuredOtherwise((found) => ({ ...found, value: found.value + more }))
      })
    )
    const baselineBeside = (...runs: ReadonlyArray<ComparedRun>) =>
      rowsOf(sectionOf([learned("a"), ...runs], "results"))[1]!.at(-2)
    assert.strictEqual(baselineBeside(others[0]!), "77.2, 82.2")
    assert.strictEqual(baselineBeside(...others), "77.2 to 87.2")
    assert.include(results.textContent, "where it lies with a probability of 95 %")
  })

  it("tells the protocol of every metric once, where the runs share it", () => {
    const section = sectionOf([learned("a"), learned("b")], "protocols")
    const rows = rowsOf(section).slice(1)
    assert.strictEqual(rows.length, 8)
    assert.strictEqual(new Set(rows.map(([name]) => name)).size, 8)
    assert.include(section.textContent, "All runs have measured each of them so.")
  })

  it("marks a metric that two runs have measured otherwise: in scores, at its chart, in both protocols", () => {
    const events = measuredOtherwise((found) =>
      found.metric === "uniformity" ? { ...found, protocol: "of other pairs" } : found
    )
    const runs = [learned("a"), learned("b"), learned("c", { events })]
    const marked = rowsOf(sectionOf(runs, "protocols")).filter(([name]) => name!.startsWith("\u2260"))
    assert.deepStrictEqual(marked, [
      ["\u2260 uniformity", "geometry", "how uniformity is worked out", "a, b"],
      ["\u2260 uniformity", "geometry", "of other pairs", "c"]
    ])
    const scored = rowsOf(sectionOf(runs, "results")).filter(([name]) => name!.startsWith("\u2260"))
    assert.deepStrictEqual(
      scored.map(([name]) => name),
      ["\u2260 uniformity"]
    )
    assert.include(sectionOf(runs, "scores").textContent, "\u2260 Measured in 2 ways")
  })

  it("tells apart what the runs ran on: once what they share, a column for each where they differ", () => {
    const other = { ...environment, version: "2.0.0", variables: { OMP_NUM_THREADS: "1" } }
    const [different, shared] = [
      ...sectionOf([learned("a"), learned("b", { environment: other })], "environment").querySelectorAll(
        ".card"
      )
    ]
    assert.deepStrictEqual(rowsOf(different!), [
      ["", "a", "b"],
      ["program", "1.0.0", "2.0.0"],
      ["OMP_NUM_THREADS", "not known", "1"]
    ])
    assert.includeDeepMembers(rowsOf(shared!), [
      ["images", "fashion-mnist, SHA-256 fedcba9876543210"],
      ["system", "linux-x64, Node v22.0.0"]
    ])
    const unknown = sectionOf([learned("a", { environment: undefined })], "environment")
    assert.include(unknown.textContent, "Not known: no environment.json is there")
  })

  it("has the command that takes each run again, but of one with stages of its own", () => {
    const own = { ...environment, ownStages: ["Augmentation"] }
    const text = sectionOf([learned("a"), learned("b", { environment: own })], "again").textContent
    assert.include(text, "npx moco train --config=a/config.json")
    assert.notInclude(text, "--config=b/config.json")
    assert.include(text, "Stages of it were given in code")
  })

  it("draws similarities of the last evaluation, a row for each run that has measured them", () => {
    const events = measuredOtherwise(({ distribution, ...found }) => found)
    const names = ["a", "runs/first/a-name-that-is-long", "runs/first/b-name-that-is-long"]
    const runs = [...names.map((name) => learned(name)), learned("without", { events })]
    const section = sectionOf(runs, "similarities")
    assert.strictEqual(section.querySelectorAll("path.ridge").length, 2 * names.length)
    assert.deepStrictEqual(
      [...section.querySelectorAll("text[text-anchor=end]")].map(({ textContent }) => textContent),
      ["1: a", "2: runs/fir\u2026hat-is-long", "3: runs/fir\u2026hat-is-long"]
    )
    assert.include(section.textContent, "Each row is the last evaluation of one run; 1 run is not shown")
    // Of the last evaluation, not of all: its positives lie around 0.3 + 0.5 (1 - exp(-3)).
    assert.include(section.querySelector("path.ridge title")!.textContent, ": 0.6")
  })

  it("says below every curve how it is read", () => {
    const text = parseHTML(comparePage([learned("a"), learned("b")])).document.body.textContent
    const { confusion, filters, map, neighbours, pairs, ...drawn } = howToRead
    for (const [name, how] of Object.entries(drawn)) assert.include(text, how, name)
  })

  it("keeps below 2 MB for 20 runs of 3,000 steps each", () => {
    const steps = Array.from({ length: 3000 }, (_, i) => ({ ...stepEvent(i), numSteps: 3000 }))
    const evaluations = sampleEvents().filter(({ event }) => event !== "step")
    const many = Array.from({ length: 20 }, (_, i) =>
      learned(`run ${i}`, {
        events: [...steps, ...evaluations],
        environment: { ...environment, version: `1.0.${i}` }
      })
    )
    assert.isBelow(Buffer.byteLength(comparePage(many)), 2_000_000)
  })

  it("shows hostile names and lets none of them act", () => {
    const bad = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u001b[2J\u202e&amp;`
    const hostile = (name: string) =>
      learned(name, {
        environment: { node: bad, images: { name: bad, sha256: bad }, variables: { [bad]: name } },
        commands: { repeat: bad },
        events: [
          stepEvent(0),
          {
            ...{ event: "evaluation", step: 1, epoch: 1, seconds: 1 },
            measurements: measurementsOf("trained encoder", 0.5, 0.5).map((found) => ({
              ...found,
              metric: `${bad}${found.metric}`,
              protocol: name
            }))
          }
        ]
      })
    const html = comparePage([hostile(bad), hostile(`${bad} 2`)])
    assert.notMatch(html, /<script|<img/)
    assert.deepStrictEqual(forbidden(html.replaceAll(/[\n\t]/g, "")), [])
    const { document } = parseHTML(html)
    assert.strictEqual(document.querySelectorAll("script,img,[onerror],[onload]").length, 0)
    for (const id of ["protocols", "environment", "again", "similarities"]) {
      assert.include(document.querySelector(`#${id}`)!.textContent, "<script>", id)
    }
  })
})
