import { assert, describe, it } from "@effect/vitest"
import type { Measurement } from "@moco/evaluation/Measurement"
import { domainIn } from "@moco/report/charts/domain"
import { ridgeChart } from "@moco/report/charts/inline/ridges"
import { fewMeasurements, moreOf } from "@moco/report/fewMeasurements"
import { measurementRows } from "@moco/report/measurementRows"
import { columns } from "@moco/report/runs/text"

const accuracy = (way: string, value: number, subject = "trained encoder"): Measurement => ({
  ...{ subject, evaluation: "linear", metric: `linear probe accuracy (${way})`, value, unit: "fraction" },
  ...{ higherIsBetter: true, protocol: "made up" }
})

describe("The table of what was measured", () => {
  it("keeps the names of ways apart, however long they are, each above its numbers", () => {
    const ways = ["all labels", "10 % of the labels", "1 % of the labels"]
    const [header, row] = measurementRows(ways.map((way, i) => accuracy(way, 0.5 + i / 10)))
    assert.deepStrictEqual(header!.split(/ {2,}/), ["linear probe accuracy", ...ways])
    assert.deepStrictEqual(row!.trim().split(/ {2,}/), ["trained encoder", "50.0 %", "60.0 %", "70.0 %"])
    for (const [way, value] of [
      [ways[1]!, "60.0 %"],
      [ways[2]!, "70.0 %"]
    ] as const) {
      assert.strictEqual(header!.indexOf(way) + way.length, row!.indexOf(value) + value.length)
    }
  })

  it("is made of as many measurements as there are, and of names of any length, without room for them in every row", () => {
    const many = Array.from({ length: 150_000 }, (_, i) => ({
      ...accuracy("all", 0.5),
      metric: `metric ${i}`
    }))
    assert.lengthOf(measurementRows(many), 300_000)
    const long = { ...accuracy("all", 0.5), metric: "x".repeat(1_000_000) }
    const rows = measurementRows([long, ...many.slice(0, 300)])
    assert.isBelow(rows.join("\n").length, 1_100_000)
    assert.strictEqual(rows[0]!.length, 1_000_000)
  })
})

describe("What is shown of many measurements", () => {
  const all = Array.from({ length: 300 }, (_, i) => ({
    ...accuracy(`k = ${i}`, 0.5, i % 2 === 0 ? "trained encoder" : `baseline ${i}`),
    protocol: "p".repeat(5000)
  }))

  it("is what a table has room for, the trained encoder's among it, and how much more there is", () => {
    const few = fewMeasurements(all)
    assert.strictEqual(few.shown.length + few.more, all.length)
    assert.strictEqual(new Set(few.shown.map(({ subject }) => subject)).size, 8)
    assert.isAtMost(new Set(few.shown.map(({ metric }) => metric)).size, 120)
    assert.isAbove(few.shown.filter(({ subject }) => subject === "trained encoder").length, 50)
    assert.deepStrictEqual(moreOf(few, "here"), [`and ${few.more} more measurements, in here`])
    assert.isAtMost(few.shown[0]!.protocol.length, 300)
  })

  it("is everything where there is room, as it is called", () => {
    const some = [accuracy("k = 5", 0.5), accuracy("k = 5", 0.4, "raw pixels")]
    assert.deepStrictEqual(fewMeasurements(some), { shown: some, more: 0 })
    assert.deepStrictEqual(moreOf(fewMeasurements(some), "here"), [])
  })

  it("keeps the end of a long name, by which it often differs", () => {
    const [found] = fewMeasurements([
      { ...accuracy("k = 5", 0.5), metric: `${"m".repeat(500)} (k = 5)` }
    ]).shown
    assert.lengthOf(found!.metric, 100)
    assert.match(found!.metric, /^m+\.\.\.m+ \(k = 5\)$/)
  })
})

describe("What is drawn and set out", () => {
  it("is of any number of values and rows", () => {
    const values = Array.from({ length: 300_000 }, (_, i) => i)
    assert.deepStrictEqual(domainIn("nats", [...values, -1])[0], -18_001)
    const rows = columns(values.map((value) => [String(value), "x".repeat(value === 7 ? 100_000 : 1), "end"]))
    assert.lengthOf(rows, values.length)
    assert.strictEqual(rows[0]!.length, 6 + 2 + 120 + 2 + 3)
    const distribution = { low: 0, high: 1, counts: values }
    const ridges = [{ kind: "positive", distribution }]
    assert.include(ridgeChart({ label: "l", title: "t", rows: [{ name: "1", ridges }] }).text, "<path")
  })
})
