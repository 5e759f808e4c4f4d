import { assert, describe, it } from "@effect/vitest"
import { applyOverrides, decode, decodeStored } from "@moco/train/RunConfig"
import { renamed, withNewNames, withOldNames } from "@moco/train/RunConfig/renamed"
import { Effect } from "effect"
import { validConfig } from "../src/testing/validConfig.ts"

const { data, evaluations, ...others } = validConfig
const { evaluationSplit, ...images } = data
const before = {
  ...others,
  data: { ...images, judge: evaluationSplit },
  evaluation: { everyEpochs: 4, neighbours: [200, 20], temperature: 0.1 }
}

describe("A setting that has another name than before", () => {
  it.effect(
    "is refused where somebody writes it, in a file and by --set, with the name that it has now",
    () =>
      Effect.gen(function* () {
        const inFile = yield* Effect.flip(
          decode({ ...validConfig, data: { ...data, judge: "test" }, evaluation: before.evaluation })
        )
        const bySet = yield* Effect.flip(
          applyOverrides(validConfig, [], { "evaluation.neighbours": "[5]", "evaluation.everyEpochs": "2" })
        )
        assert.sameDeepMembers(
          inFile.problems.map(({ hint, path }) => [path, hint]),
          Object.entries(renamed).map(([old, now]) => [old, `is now ${now}`])
        )
        assert.deepStrictEqual(
          bySet.problems.map(({ path, value }) => [path, value]),
          [
            ["evaluation.everyEpochs", "2"],
            ["evaluation.neighbours", "[5]"]
          ]
        )
      })
  )

  it.effect("is understood where a run folder holds it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decodeStored(before), validConfig)
      // Nor was there a size to choose, or another encoder than a ResNet.
      const { imageSize: _, ...unsized } = before.data
      const { kind: __, ...network } = before.encoder
      assert.deepStrictEqual(yield* decodeStored({ ...before, data: unsized, encoder: network }), validConfig)
      assert.deepStrictEqual(yield* decodeStored(validConfig), validConfig)
      // Views kept their colours.
      const { gray, grayBeforeJitter, hue, jitterOrder, saturation, ...others } = before.augmentation
      const { solarize, solarizeThreshold, ...augmentation } = others
      assert.deepStrictEqual(yield* decodeStored({ ...before, augmentation }), validConfig)
      const colours = { gray: 0.2, grayBeforeJitter: true, hue: 0.1, saturation: 0.4 }
      const inColour = yield* decodeStored({ ...before, augmentation: { ...augmentation, ...colours } })
      assert.deepStrictEqual(inColour.augmentation, { ...validConfig.augmentation, ...colours })
      // A number of neighbours could be named twice, and was measured once.
      const twice = yield* decodeStored({
        ...before,
        evaluation: { ...before.evaluation, neighbours: [20, 20] }
      })
      assert.deepStrictEqual(twice.evaluations.knn?.k, [20])
    })
  )

  it.effect("is one problem among the others, and an unknown key beside it is told as such", () =>
    Effect.gen(function* () {
      const { problems } = yield* Effect.flip(
        decode({ ...validConfig, evaluation: { neighbours: [5], nearby: 1 }, evaluate: {} })
      )
      assert.deepStrictEqual(
        problems.map(({ path }) => path),
        ["evaluation.neighbours", "evaluate"]
      )
    })
  )

  it("goes back to its old name and forth, and leaves nothing behind", () => {
    assert.deepStrictEqual(withOldNames(validConfig), before)
    assert.deepStrictEqual(withNewNames(before), validConfig)
    assert.deepStrictEqual(withNewNames(validConfig), validConfig)
    assert.deepStrictEqual(withNewNames({ evaluation: 3 }), { evaluation: 3 })
    assert.deepStrictEqual(withNewNames("no config"), "no config")
  })
})

describe("An evaluation of a recipe", () => {
  it.effect("is left out by null, and other sections know no null", () =>
    Effect.gen(function* () {
      const without = yield* applyOverrides(validConfig, [], { "evaluations.knn": "null" })
      assert.deepStrictEqual(without, { ...validConfig, evaluations: {} })
      assert.deepStrictEqual(evaluations, { knn: { everyEpochs: 4, k: [200, 20], temperature: 0.1 } })
      const error = yield* Effect.flip(applyOverrides(validConfig, [], { loss: "null" }))
      assert.strictEqual(error.problems[0]!.path, "loss")
    })
  )
})
