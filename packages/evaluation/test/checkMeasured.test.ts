import { assert, describe, it } from "@effect/vitest"
import { checkMeasured } from "@moco/evaluation/Evaluation/checkMeasured"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { type Measurement, measured } from "@moco/evaluation/Measurement"
import { Effect } from "effect"

const metrics = [knnAccuracy(20, 0.1), knnAccuracy(5, 0.1)]
const right = metrics.map((metric) => measured(metric, "mine", 0.5))

const refusalOf = (found: ReadonlyArray<Measurement>) =>
  Effect.map(Effect.flip(checkMeasured({ name: "knn", metrics }, found)), ({ message }) => message)

describe("what an evaluation has measured", () => {
  it.effect("is taken where it is what the evaluation said", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* checkMeasured({ name: "knn", metrics }, right), right)
    })
  )

  const wrong: ReadonlyArray<readonly [string, ReadonlyArray<Measurement>, string]> = [
    ["too few", right.slice(1), "measurements = 1: must be 2"],
    ["in another order", right.toReversed(), "must be knn, kNN accuracy (k = 20)"],
    ["of another evaluation", right.map((one) => ({ ...one, evaluation: "other" })), "must be knn"],
    ["no number", right.map((one) => ({ ...one, value: Number.NaN })), "must be a finite number"],
    ["a fraction above 1", right.map((one) => ({ ...one, value: 1.01 })), "is a fraction, and must be 0 to 1"]
  ]
  for (const [what, found, says] of wrong) {
    it.effect(`is refused where it is ${what}`, () =>
      Effect.gen(function* () {
        assert.include(yield* refusalOf(found), says)
      })
    )
  }
})
