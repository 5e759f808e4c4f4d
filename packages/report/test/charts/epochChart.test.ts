import { assert, describe, it } from "@effect/vitest"
import type { ChartData } from "@moco/study/Report"
import { stepMetrics } from "@moco/train/stepMetrics"
import { epochChart, quantityOf } from "../../src/charts/epochChart.ts"
import { dictionary, momentum, single } from "./studies.ts"
import { count, textsOf } from "./svg.ts"

describe("epochChart", () => {
  it("draws the loss and the pretext accuracy of every cell that has finished", () => {
    const svg = epochChart(dictionary)
    assert.strictEqual(count(svg, "mean over seeds"), 22)
    assert.strictEqual(textsOf(svg).filter((text) => text === "K = 1,024").length, 6)
    assert.strictEqual(textsOf(svg).filter((text) => text === "memory bank").length, 2)
    assert.strictEqual(count(epochChart(momentum), "mean over seeds"), 8)
  })

  it("marks every distinct chance level once a plot", () => {
    assert.strictEqual(count(epochChart(dictionary), "chance"), 11)
    assert.strictEqual(count(epochChart(momentum), "chance"), 1)
    assert.include(textsOf(epochChart(momentum)), "chance, 6.93")
    assert.include(textsOf(epochChart(dictionary)), "chance, K = 4,096")
  })

  it("draws a part and the levels that it is compared with in %", () => {
    const curve = {
      ...{ name: "only", color: "black", epochs: [{ epoch: 1, metrics: { part: 0.25 } }] },
      levels: { even: 0.1 }
    }
    const drawn = quantityOf(
      ["part", { ...stepMetrics.pretextAccuracy, levels: { chance: "even" } }],
      [curve]
    )
    assert.strictEqual(drawn.of(curve.epochs[0]!), 25)
    assert.deepStrictEqual(
      drawn.levelsOf([curve]).map(({ level, name }) => [name, level]),
      [["chance", 10]]
    )
    assert.isTrue(drawn.domain[0]! <= 10 && drawn.domain[1]! >= 25)
  })

  it("leaves out a loss that is not finite", () => {
    const [first, ...rest] = single.cells[0]!.curve
    const [second, ...later] = rest
    const broken = { ...second!, metrics: { ...second!.metrics, loss: Number.NaN } }
    const drawn = (curve: ChartData["cells"][number]["curve"]) =>
      epochChart({ ...single, cells: [{ ...single.cells[0]!, curve }] })
    assert.notInclude(drawn([first!, broken, ...later]), "NaN")
    assert.notStrictEqual(drawn([first!, broken, ...later]), drawn([first!, second!, ...later]))
  })
})
