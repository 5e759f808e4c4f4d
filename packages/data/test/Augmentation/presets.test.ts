import { assert, describe, it } from "@effect/vitest"
import { AugmentationSettings } from "@moco/data/Augmentation"
import * as presets from "@moco/data/Augmentation/presets"
import { usesColour, withoutColour } from "@moco/data/Augmentation/settings"
import { Schema } from "effect"
import { inColour, settings } from "../settings.ts"

describe("presets", () => {
  it("are settings, of which all but those for gray images use colours", () => {
    for (const [name, preset] of Object.entries(presets)) {
      assert.deepStrictEqual(Schema.decodeUnknownSync(AugmentationSettings)(preset), preset)
      assert.strictEqual(usesColour(preset), name !== "gray", name)
    }
  })

  it("are those of the papers and of the notebook", () => {
    const { byolFirst, byolSecond, instDisc, instDiscCifar, mocoV1, mocoV2, notebook } = presets
    const jitter = ({ brightness, contrast, hue, saturation }: AugmentationSettings) => [
      brightness,
      contrast,
      saturation,
      hue
    ]
    for (const preset of [mocoV1, mocoV2, notebook, instDisc]) {
      assert.deepInclude(preset, { flip: 0.5, gray: 0.2, jitterOrder: "random", solarize: 0 })
      assert.deepStrictEqual(preset.cropRatio, { min: 3 / 4, max: 4 / 3 })
    }
    assert.deepStrictEqual(jitter(mocoV1), [0.4, 0.4, 0.4, 0.4])
    assert.deepInclude(mocoV1, {
      jitter: 1,
      grayBeforeJitter: true,
      blur: 0,
      cropScale: { min: 0.2, max: 1 }
    })
    assert.deepStrictEqual(instDisc, mocoV1)
    assert.deepStrictEqual(jitter(mocoV2), [0.4, 0.4, 0.4, 0.1])
    const afterJitter = { jitter: 0.8, grayBeforeJitter: false }
    assert.deepInclude(mocoV2, { ...afterJitter, blur: 0.5, cropScale: { min: 0.2, max: 1 } })
    assert.deepStrictEqual(mocoV2.blurSigma, { min: 0.1, max: 2 })
    assert.deepStrictEqual(jitter(notebook), [0.4, 0.4, 0.4, 0.1])
    assert.deepInclude(notebook, { ...afterJitter, blur: 0, cropScale: { min: 0.08, max: 1 } })
    assert.deepStrictEqual(instDiscCifar, { ...mocoV1, flip: 0, grayBeforeJitter: false })
    for (const byol of [byolFirst, byolSecond]) {
      assert.deepStrictEqual(jitter(byol), [0.4, 0.4, 0.2, 0.1])
      assert.deepInclude(byol, { ...afterJitter, flip: 0.5, gray: 0.2, cropScale: { min: 0.08, max: 1 } })
      assert.deepStrictEqual(byol.blurSigma, { min: 0.1, max: 2 })
    }
    assert.deepInclude(byolFirst, { blur: 1, solarize: 0 })
    assert.deepInclude(byolSecond, { blur: 0.1, solarize: 0.2, solarizeThreshold: 0.5 })
  })
})

describe("usesColour", () => {
  it("is said of every setting that only the host can do, where some view can come to it", () => {
    assert.isFalse(usesColour(settings))
    assert.isFalse(usesColour({ ...settings, grayBeforeJitter: true, solarizeThreshold: 0 }))
    for (const field of ["saturation", "hue", "jitterOrder", "gray", "solarize"] as const) {
      const one = { ...settings, ...withoutColour, [field]: inColour[field] }
      assert.isTrue(usesColour(one), field)
      const isJitter = field !== "gray" && field !== "solarize"
      assert.strictEqual(usesColour({ ...one, jitter: 0 }), !isJitter, field)
    }
  })
})
