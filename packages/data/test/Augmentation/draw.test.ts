import { assert, describe, it } from "@effect/vitest"
import type { AugmentationSettings, PlanKey } from "@moco/data/Augmentation"
import { planOf } from "@moco/data/Augmentation/plan"
import { AugmentationPlan, fixedOrder, identity } from "@moco/data/AugmentationPlan"
import { anyPlanKey } from "@moco/data/testing"
import { Schema } from "effect"
import fc from "fast-check"
import { inColour, settings } from "../settings.ts"

const wide = { height: 12, width: 10 }
const anySize = fc.record({ height: fc.integer({ min: 1, max: 40 }), width: fc.integer({ min: 1, max: 40 }) })

const drawWith = (changes: Partial<AugmentationSettings>, numPlans = 4_000, view = 0) =>
  Array.from({ length: numPlans }, (_, index) =>
    planOf({ ...settings, ...changes }, { seed: 1, epoch: 2, index, view }, wide)
  )
const share = (flags: ReadonlyArray<boolean>) => flags.filter(Boolean).length / flags.length
const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length

describe("planOf", () => {
  it("draws this plan for this key, in every version: runs can be repeated", () => {
    // Drawn before there was blur, one with jitter and one without: neither blur nor colours may move them.
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
      before.map((plan, index) => ({ ...identity(12, 10), ...plan, blur: sigmas[index] }))
    assert.deepStrictEqual(drawWith({ blur: 0 }, 2), withBlur(0, 0))
    assert.deepStrictEqual(drawWith({ blur: 1 }, 2), withBlur(1.0081762029323726, 0.2786188352154568))
  })

  it("draws these colours for these keys, in every version", () => {
    const first: Partial<AugmentationPlan> = {
      saturation: 0.6138008955866098,
      hue: 0.06150354845449329,
      order: ["contrast", "hue", "saturation", "brightness"],
      gray: "none",
      solarize: 0.5
    }
    const { saturation, hue, order, gray } = identity(12, 10)
    const second: Partial<AugmentationPlan> = { saturation, hue, order, gray, solarize: 0.5 }
    const drawn: ReadonlyArray<Partial<AugmentationPlan>> = drawWith(inColour, 2).map((plan) => ({
      ...{ saturation: plan.saturation, hue: plan.hue, order: plan.order },
      ...{ gray: plan.gray, solarize: plan.solarize }
    }))
    assert.deepStrictEqual(drawn, [first, second])
  })

  it("always draws everything else as it is without blur, and as it is without colours", () => {
    const drawn = (changes: Partial<AugmentationSettings>, key: PlanKey) =>
      planOf({ ...settings, ...inColour, ...changes }, key, wide)
    const { saturation, hue, order, gray, solarize } = identity(12, 10)
    const before = { saturation, hue, order, gray, solarize }
    fc.assert(
      fc.property(anyPlanKey, (key) => {
        assert.deepStrictEqual({ ...drawn({ blur: 1 }, key), blur: 0 }, drawn({ blur: 0 }, key))
        assert.deepStrictEqual({ ...drawn({}, key), ...before }, planOf(settings, key, wide))
        for (const change of [
          { saturation: 0 },
          { hue: 0 },
          { jitterOrder: "fixed" },
          { gray: 0 }
        ] as const) {
          const [field] = Object.keys(change).map((name) => (name === "jitterOrder" ? "order" : name))
          const without = { ...drawn({}, key), ...{ [field!]: before[field as keyof typeof before] } }
          assert.deepStrictEqual(drawn(change, key), without)
        }
      })
    )
  })

  it("always draws the same plan for the same key, a valid one, whose box is inside the image", () => {
    fc.assert(
      fc.property(anyPlanKey, anySize, (key, size) => {
        const all = { ...settings, ...inColour }
        const plan = planOf(all, key, size)
        assert.deepStrictEqual(planOf(all, key, size), plan)
        assert.isTrue(Schema.is(AugmentationPlan)(plan))
        assert.isAtMost(plan.crop.top + plan.crop.height, size.height)
        assert.isAtMost(plan.crop.left + plan.crop.width, size.width)
      })
    )
  })

  it("draws the two views of an image independently, and other plans for other epochs and seeds", () => {
    const key = { seed: 1, epoch: 2, index: 0, view: 0 }
    const flips = (change: Partial<PlanKey>) =>
      Array.from({ length: 4_000 }, (_, index) => planOf(settings, { ...key, index, ...change }, wide).flip)
    const base = flips({})
    for (const change of [{ view: 1 }, { epoch: 3 }, { seed: 2 }]) {
      const other = flips(change)
      // Five standard errors of a share of one half in 4,000.
      assert.closeTo(share(base.map((flip, index) => flip === other[index])), 0.5, 0.04)
    }
    assert.closeTo(share(base), 0.5, 0.04)
  })

  it("flips with the given probability", () => {
    assert.strictEqual(share(drawWith({ flip: 0 }).map(({ flip }) => flip)), 0)
    assert.strictEqual(share(drawWith({ flip: 1 }).map(({ flip }) => flip)), 1)
    assert.closeTo(share(drawWith({ flip: 0.2 }).map(({ flip }) => flip)), 0.2, 0.032)
  })

  it("changes brightness and contrast together, with the given probability and strength", () => {
    const plans = drawWith({ jitter: 0.8, brightness: 0.5, contrast: 0.1 })
    const changed = plans.filter(({ brightness, contrast }) => brightness !== 1 && contrast !== 1)
    const unchanged = plans.filter(({ brightness, contrast }) => brightness === 1 && contrast === 1)
    assert.strictEqual(changed.length + unchanged.length, plans.length)
    assert.closeTo(changed.length / plans.length, 0.8, 0.032)
    assert.isTrue(changed.every(({ brightness }) => brightness >= 0.5 && brightness <= 1.5))
    assert.isTrue(changed.every(({ contrast }) => contrast >= 0.9 && contrast <= 1.1))
    assert.isTrue(changed.some(({ brightness }) => brightness < 0.55))
    assert.isTrue(changed.some(({ contrast }) => contrast > 1.09))
  })

  it("blurs with the given probability, by a sigma spread evenly over its range", () => {
    const sigmas = (changes: Partial<AugmentationSettings>) => drawWith(changes).map(({ blur }) => blur)
    const blurred = (values: ReadonlyArray<number>) => share(values.map((sigma) => sigma > 0))
    assert.strictEqual(blurred(sigmas({ blur: 0 })), 0)
    assert.closeTo(blurred(sigmas({ blur: 0.2 })), 0.2, 0.032)
    const all = sigmas({ blur: 1, blurSigma: { min: 0.5, max: 1.5 } })
    assert.strictEqual(blurred(all), 1)
    assert.isTrue(all.every((sigma) => sigma >= 0.5 && sigma <= 1.5))
    // Five standard errors: 1 / sqrt(12 n).
    assert.closeTo(mean(all), 1, 0.023)
    assert.isTrue(sigmas({ blur: 1, blurSigma: { min: 2, max: 2 } }).every((s) => s === 2))
  })

  it("crops with the given areas and ratios", () => {
    const plans = drawWith({
      cropScale: { min: 0.25, max: 0.25 },
      cropRatio: { min: 1.2, max: 1.2 }
    })
    // 120 pixels * 0.25 = 30 = 6 wide * 5 high.
    assert.isTrue(plans.every(({ crop }) => crop.height === 5 && crop.width === 6))
  })

  it("turns hue and saturates where it jitters, by values spread evenly over their ranges", () => {
    const plans = drawWith({ ...inColour, jitter: 0.8, saturation: 0.4, hue: 0.1 })
    const changed = plans.filter(({ saturation }) => saturation !== 1)
    assert.closeTo(changed.length / plans.length, 0.8, 0.032)
    assert.isTrue(plans.every(({ hue, saturation }) => (hue === 0) === (saturation === 1)))
    assert.isTrue(changed.every(({ saturation }) => saturation >= 0.6 && saturation <= 1.4))
    assert.isTrue(changed.every(({ hue }) => hue >= -0.1 && hue <= 0.1))
    // Five standard errors of 3,200 uniform values: 5 * width / sqrt(12 n).
    assert.closeTo(mean(changed.map(({ saturation }) => saturation)), 1, 0.021)
    assert.closeTo(mean(changed.map(({ hue }) => hue)), 0, 0.0052)
    assert.isTrue(changed.some(({ hue }) => hue < -0.09) && changed.some(({ hue }) => hue > 0.09))
  })

  it("draws every order equally often where it jitters, and none where the order is fixed", () => {
    const orders = drawWith({ ...inColour, jitter: 1 }).map(({ order }) => order.join())
    const counts = Map.groupBy(orders, (order) => order)
    assert.strictEqual(counts.size, 24)
    // Five standard deviations of a binomial of 4,000 and 1 / 24.
    for (const of of counts.values()) assert.closeTo(of.length, 4_000 / 24, 64)
    for (const still of [{ jitterOrder: "fixed", jitter: 1 }, { jitter: 0 }] as const) {
      assert.isTrue(drawWith({ ...inColour, ...still }).every(({ order }) => order === fixedOrder))
    }
  })

  it("takes colours away and solarises with the given probabilities, where and from where the settings say", () => {
    const plans = drawWith({ ...inColour, gray: 0.2, solarize: 0.3, solarizeThreshold: 0.6 })
    assert.closeTo(share(plans.map(({ gray }) => gray === "afterJitter")), 0.2, 0.032)
    assert.isTrue(plans.every(({ gray }) => gray !== "beforeJitter"))
    assert.closeTo(share(plans.map(({ solarize }) => solarize === 0.6)), 0.3, 0.037)
    assert.isTrue(plans.every(({ solarize }) => solarize === 0.6 || solarize === null))
    const first = drawWith({ ...inColour, gray: 1, grayBeforeJitter: true })
    assert.isTrue(first.every(({ gray }) => gray === "beforeJitter"))
  })
})
