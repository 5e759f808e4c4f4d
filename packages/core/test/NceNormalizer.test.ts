import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { nceNormalizer } from "../src/internal/nceNormalizer.ts"

const observe = (mean: number, numNegatives: number) => [{ logMean: Math.log(mean), numNegatives }]

/** One step, with its commit. */
const learn = (
  normalizer: ReturnType<typeof nceNormalizer>,
  mean: number,
  numNegatives: number,
  fill: number
) => normalizer.settle(observe(mean, numNegatives), fill).commit()

describe("NceNormalizer", () => {
  it("is the mean over features, worked out by hand", () => {
    const normalizer = nceNormalizer(0.07)
    learn(normalizer, 2.25, 1024, 0)
    // A tenth of the entries are features with a mean of 1,000: 0.1 * 1000 + 0.9 * 2.25.
    learn(normalizer, 102.025, 1024, 0.1)
    assert.closeTo(Math.exp(normalizer.kept()!), 1000, 1e-6)
  })

  it("is always the mean over features, whatever part of the entries they are, and kept from there on", () => {
    const cases = fc.record({
      random: fc.double({ min: 1, max: 10, noNaN: true }),
      features: fc.double({ min: 10, max: 1e5, noNaN: true }),
      fill: fc.double({ min: 0.05, max: 1, noNaN: true }),
      later: fc.double({ min: 1e-3, max: 1e6, noNaN: true })
    })
    fc.assert(
      fc.property(cases, ({ features, fill, later, random }) => {
        const normalizer = nceNormalizer(0.07)
        learn(normalizer, random, 1000, 0)
        assert.isUndefined(normalizer.kept())
        learn(normalizer, fill * features + (1 - fill) * random, 1000, fill)
        assert.closeTo(normalizer.kept()!, Math.log(features), 1e-9)
        const kept = normalizer.kept()
        learn(normalizer, later, 1000, 1)
        assert.strictEqual(normalizer.kept(), kept)
      })
    )
  })

  it("waits until 32 negatives are features, or where there are fewer, until 9 in 10 are", () => {
    for (const [numNegatives, fill] of [
      [1024, 1 / 32],
      [65_536, 1 / 2048],
      [20, 0.9]
    ] as const) {
      const normalizer = nceNormalizer(0.07)
      learn(normalizer, 2, numNegatives, 0)
      learn(normalizer, 50, numNegatives, 0.99 * fill)
      assert.isUndefined(normalizer.kept(), `${numNegatives}`)
      learn(normalizer, 50, numNegatives, fill)
      assert.isDefined(normalizer.kept(), `${numNegatives}`)
    }
  })

  it("waits where no draw was a feature by chance, and is never above the largest that a mean can be", () => {
    const normalizer = nceNormalizer(0.1)
    learn(normalizer, 2, 1024, 0)
    learn(normalizer, 1.5, 1024, 0.1)
    assert.isUndefined(normalizer.kept())
    learn(normalizer, Math.exp(10), 1024, 0.1)
    assert.strictEqual(normalizer.kept(), 10)
  })

  it("stands at the lowest temperature that float32 takes", () => {
    const normalizer = nceNormalizer(0.001)
    normalizer.settle([{ logMean: 3, numNegatives: 64 }], 0).commit()
    normalizer.settle([{ logMean: 990, numNegatives: 64 }], 0.5).commit()
    assert.closeTo(normalizer.kept()!, 990 + Math.LN2, 1e-9)
  })

  it("is the mean over both directions", () => {
    const normalizer = nceNormalizer(0.07)
    normalizer.settle([...observe(100, 64), ...observe(300, 64)], 1).commit()
    assert.closeTo(Math.exp(normalizer.kept()!), 200, 1e-9)
  })
})
