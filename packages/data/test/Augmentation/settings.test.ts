import { assert, describe, it } from "@effect/vitest"
import { Augmentation, AugmentationSettings } from "@moco/data/Augmentation"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { Effect, Schema } from "effect"
import { settings } from "../settings.ts"

const images = layerSynthetic({
  ...{ numTrain: 2, numTest: 1, height: 12, width: 10, channels: 1, numClasses: 2, seed: 3 }
})

describe("AugmentationSettings", () => {
  it.effect("names what is out of range", () =>
    Effect.gen(function* () {
      const decode = Schema.decodeUnknownEffect(AugmentationSettings)
      const problem = (changes: object) =>
        Effect.map(Effect.flip(decode({ ...settings, ...changes })), ({ message }) => message)
      assert.deepStrictEqual(yield* decode(settings), settings)
      assert.include(yield* problem({ flip: 1.5 }), `at ["flip"]`)
      assert.include(yield* problem({ cropScale: { min: 0, max: 1 } }), `at ["cropScale"]["min"]`)
      assert.include(
        yield* problem({ cropScale: { min: 0.5, max: 0.2 } }),
        "min (0.5) is greater than max (0.2)"
      )
      assert.include(yield* problem({ blur: -0.1 }), `at ["blur"]`)
      assert.include(yield* problem({ hue: 0.6 }), `at ["hue"]`)
      assert.include(yield* problem({ jitterOrder: "any" }), `at ["jitterOrder"]`)
      assert.include(yield* problem({ blurSigma: { min: 0, max: 2 } }), `at ["blurSigma"]["min"]`)
      assert.include(yield* problem({ blurSigma: { min: 2, max: 1 } }), "min (2) is greater than max (1)")
    })
  )

  it.effect("have the same bounds where they come from no config", () =>
    Effect.gen(function* () {
      const problem = (changes: Partial<AugmentationSettings>) =>
        Effect.provide(Augmentation, Augmentation.layer({ ...settings, ...changes })).pipe(
          Effect.flip,
          Effect.map(({ message }) => message),
          Effect.provide(images)
        )
      const cases = [
        [{ flip: 1.5 }, "flip = 1.5: must be a value between 0 and 1"],
        [{ brightness: 11 }, "brightness = 11: must be a value between 0 and 10"],
        [{ contrast: -1 }, "contrast = -1: must be a value between 0 and 10"],
        [{ hue: 0.6 }, "hue = 0.6: must be a value between 0 and 0.5"],
        [{ solarize: 2 }, "solarize = 2: must be a value between 0 and 1"],
        [{ solarizeThreshold: -1 }, "solarizeThreshold = -1: must be a value between 0 and 1"],
        [
          { saturation: 0.4 },
          "saturation = 0.4: is of images of 3 channels, red, green and blue; these have 1"
        ],
        [{ hue: 0.1 }, "hue = 0.1: is of images of 3 channels"],
        [{ gray: 0.2 }, "gray = 0.2: is of images of 3 channels"],
        [{ cropScale: { min: 0.5, max: 2 } }, "cropScale.max = 2: must be a value less than or equal to 1"],
        [
          { cropRatio: { min: 1, max: 1001 } },
          "cropRatio.max = 1001: must be a value less than or equal to 1000"
        ],
        [
          { blurSigma: { min: 1, max: 1e6 } },
          "blurSigma.max = 1000000: must be a value less than or equal to 1000"
        ]
      ] as const
      for (const [changes, words] of cases) assert.include(yield* problem(changes), words)
    })
  )

  it("describes every field for help texts and editors", () => {
    const { schema } = Schema.toJsonSchemaDocument(AugmentationSettings)
    const fields = Object.values(schema["properties"] as Record<string, { readonly description?: string }>)
    assert.strictEqual(fields.length, 15)
    for (const { description } of fields) assert.isString(description)
  })
})
