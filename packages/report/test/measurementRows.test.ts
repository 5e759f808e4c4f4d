import { assert, describe, it } from "@effect/vitest"
import type { Measurement } from "@moco/evaluation/Measurement"
import { measurementRows } from "@moco/report/measurementRows"

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
})
