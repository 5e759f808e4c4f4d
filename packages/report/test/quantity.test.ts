import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { trainedEncoder } from "@moco/evaluation/subjects"
import { axisHead, columnHead, inOneLine, partsOf, written } from "../src/quantity.ts"

const rank = {
  ...{ evaluation: "rank", metric: "effective rank", unit: "dimensions", higherIsBetter: true },
  protocol: "made up"
}

describe("a quantity", () => {
  it("is written in the notation of its unit, and one of an unknown unit with four digits", () => {
    assert.strictEqual(written({ unit: "fraction" }, 0.7715), "77.2 %")
    assert.strictEqual(written({ unit: "nats" }, 5.25), "5.250 nats")
    assert.strictEqual(written({ unit: "images/s" }, 639.7), "640 images/s")
    assert.strictEqual(written(rank, 12.34567), "12.35 dimensions")
    assert.strictEqual(written({ unit: "" }, 0.5), "0.5")
    // A unit that an object has by nature is no unit that is known.
    assert.strictEqual(written({ unit: "toString" }, 1), "1 toString")
  })

  it("heads a column and an axis with its unit, where it has one", () => {
    assert.strictEqual(columnHead(knnAccuracy(20)), "kNN accuracy (k = 20), %")
    assert.strictEqual(axisHead({ metric: "loss", unit: "nats" }), "loss (nats)")
    assert.strictEqual(columnHead({ metric: "norm", unit: "" }), "norm")
  })

  it("is told apart into what is measured and the way, where the name has one at its end", () => {
    assert.deepStrictEqual(partsOf(knnAccuracy(200)), { what: "kNN accuracy", way: "k = 200" })
    for (const metric of ["loss", "f(x) of a batch", "(k = 2)", "loss ()", ""]) {
      assert.deepStrictEqual(partsOf({ metric }), { what: metric, way: "" }, metric)
    }
  })

  it("stands in one line with others: the ways of one measure together", () => {
    const all = [
      measured(knnAccuracy(200), trainedEncoder, 0.7715),
      measured(rank, trainedEncoder, 12),
      measured(knnAccuracy(20), trainedEncoder, 0.785)
    ]
    assert.strictEqual(
      inOneLine(all),
      "kNN accuracy 77.2 % (k = 200), 78.5 % (k = 20); effective rank 12 dimensions"
    )
  })
})
