import { assert, describe, it } from "@effect/vitest"
import { type Measurement, measured } from "@moco/evaluation/Measurement"
import { parseHTML } from "linkedom"
import { comparePage } from "../../src/html/compare/comparePage.ts"
import { sampleConfig, stepEvent } from "./sampleRun.ts"

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
