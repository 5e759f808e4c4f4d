import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Augmentation, type AugmentationSettings, type PlanKey } from "@moco/data/Augmentation"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { anyPlanKey } from "@moco/data/testing"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { settings } from "../settings.ts"

const images = layerSynthetic({
  ...{ numTrain: 8, numTest: 1, height: 12, width: 10, channels: 3, numClasses: 4, seed: 3 }
})

layer(Layer.merge(Backend.layerCpu, images))("Augmentation.layer", (it) => {
  const wide = { height: 12, width: 10 }
  const drawWith = (changes: Partial<AugmentationSettings>, numPlans = 4_000, view = 0) =>
    Effect.provide(
      Effect.map(Augmentation, ({ draw }) =>
        Array.from({ length: numPlans }, (_, index) => draw({ seed: 1, epoch: 2, index, view }, wide))
      ),
      Augmentation.layer({ ...settings, ...changes })
    )
  const share = (flags: ReadonlyArray<boolean>) => flags.filter(Boolean).length / flags.length

  it.effect("draws this plan for this key, in every version: runs can be repeated", () =>
    Effect.gen(function* () {
      // Drawn before there was blur, one with jitter and one without: blur must not move them.
      const before = [
        {
          crop: { top: 1, left: 2, height: 9, width: 8 },
          flip: false,
          brightness: 1.2858861269429325,
          contrast: 1.1683652991428972
        },
        { crop: { top: 1, left: 1, height: 6, width: 5 }, flip: true, brightness: 1, contrast: 1 }
      ]
      const withBlur = (...sigmas: ReadonlyArray<number>) =>
        before.map((plan, index) => ({ ...plan, blur: sigmas[index] }))
      assert.deepStrictEqual(yield* drawWith({ blur: 0 }, 2), withBlur(0, 0))
      assert.deepStrictEqual(
        yield* drawWith({ blur: 1 }, 2),
        withBlur(1.0081762029323726, 0.2786188352154568)
      )
    })
  )

  it.effect("always draws everything else as it is without blur", () =>
    Effect.gen(function* () {
      const drawBy = (blur: number) =>
        Effect.provide(
          Effect.map(Augmentation, ({ draw }) => draw),
          Augmentation.layer({ ...settings, blur })
        )
      const never = yield* drawBy(0)
      const always = yield* drawBy(1)
      fc.assert(
        fc.property(anyPlanKey, (key) =>
          assert.deepStrictEqual({ ...always(key, wide), blur: 0 }, never(key, wide))
        )
      )
    })
  )

  it.effect("draws the two views of an image independently, and other plans for other epochs and seeds", () =>
    Effect.gen(function* () {
      const { draw } = yield* Augmentation
      const key = { seed: 1, epoch: 2, index: 0, view: 0 }
      const flips = (change: Partial<PlanKey>) =>
        Array.from({ length: 4_000 }, (_, index) => draw({ ...key, index, ...change }, wide).flip)
      const base = flips({})
      for (const change of [{ view: 1 }, { epoch: 3 }, { seed: 2 }]) {
        const other = flips(change)
        // Five standard errors of a share of one half in 4,000.
        assert.closeTo(share(base.map((flip, index) => flip === other[index])), 0.5, 0.04)
      }
      assert.closeTo(share(base), 0.5, 0.04)
    }).pipe(Effect.provide(Augmentation.layer(settings)))
  )

  it.effect("flips with the given probability", () =>
    Effect.gen(function* () {
      assert.strictEqual(share((yield* drawWith({ flip: 0 })).map(({ flip }) => flip)), 0)
      assert.strictEqual(share((yield* drawWith({ flip: 1 })).map(({ flip }) => flip)), 1)
      assert.closeTo(share((yield* drawWith({ flip: 0.2 })).map(({ flip }) => flip)), 0.2, 0.032)
    })
  )

  it.effect("changes brightness and contrast together, with the given probability and strength", () =>
    Effect.gen(function* () {
      const plans = yield* drawWith({ jitter: 0.8, brightness: 0.5, contrast: 0.1 })
      const changed = plans.filter(({ brightness, contrast }) => brightness !== 1 && contrast !== 1)
      const unchanged = plans.filter(({ brightness, contrast }) => brightness === 1 && contrast === 1)
      assert.strictEqual(changed.length + unchanged.length, plans.length)
      assert.closeTo(changed.length / plans.length, 0.8, 0.032)
      assert.isTrue(changed.every(({ brightness }) => brightness >= 0.5 && brightness <= 1.5))
      assert.isTrue(changed.every(({ contrast }) => contrast >= 0.9 && contrast <= 1.1))
      assert.isTrue(changed.some(({ brightness }) => brightness < 0.55))
      assert.isTrue(changed.some(({ contrast }) => contrast > 1.09))
    })
  )

  it.effect("blurs with the given probability, by a sigma spread evenly over its range", () =>
    Effect.gen(function* () {
      const sigmas = (changes: Partial<AugmentationSettings>) =>
        Effect.map(drawWith(changes), (plans) => plans.map(({ blur }) => blur))
      const blurred = (values: ReadonlyArray<number>) => share(values.map((sigma) => sigma > 0))
      assert.strictEqual(blurred(yield* sigmas({ blur: 0 })), 0)
      assert.closeTo(blurred(yield* sigmas({ blur: 0.2 })), 0.2, 0.032)
      const all = yield* sigmas({ blur: 1, blurSigma: { min: 0.5, max: 1.5 } })
      assert.strictEqual(blurred(all), 1)
      assert.isTrue(all.every((sigma) => sigma >= 0.5 && sigma <= 1.5))
      // Five standard errors: 1 / sqrt(12 n).
      assert.closeTo(all.reduce((sum, sigma) => sum + sigma, 0) / all.length, 1, 0.023)
      assert.isTrue((yield* sigmas({ blur: 1, blurSigma: { min: 2, max: 2 } })).every((s) => s === 2))
    })
  )

  it.effect("crops with the given areas and ratios", () =>
    Effect.gen(function* () {
      const plans = yield* drawWith({
        cropScale: { min: 0.25, max: 0.25 },
        cropRatio: { min: 1.2, max: 1.2 }
      })
      // 120 pixels * 0.25 = 30 = 6 wide * 5 high.
      assert.isTrue(plans.every(({ crop }) => crop.height === 5 && crop.width === 6))
    })
  )
})
