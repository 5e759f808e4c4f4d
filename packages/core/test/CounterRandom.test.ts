import { assert, describe, it } from "@effect/vitest"
import * as CounterRandom from "@moco/core/CounterRandom"
import fc from "fast-check"

const { Purpose } = CounterRandom
const word = fc.integer({ min: 0, max: 0xffff_ffff })

const block = (counter: ReadonlyArray<number>, key: readonly [number, number]) => {
  const out = new Uint32Array(4)
  CounterRandom.philox4x32(counter, key, out)
  return Array.from(out)
}

describe("CounterRandom", () => {
  it("gives the published answers of Philox 4x32-10", () => {
    const ones = 0xffff_ffff
    assert.deepStrictEqual(block([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8])
    assert.deepStrictEqual(
      block([ones, ones, ones, ones], [ones, ones]),
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]
    )
    assert.deepStrictEqual(
      block([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
    )
  })

  it("always equals Philox written with big integers", () => {
    const mask = 0xffff_ffffn
    const reference = (counter: ReadonlyArray<number>, key: readonly [number, number]) => {
      let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint]
      let [k0, k1] = key.map(BigInt) as [bigint, bigint]
      for (let round = 0; round < 10; round++) {
        const p0 = 0xd2511f53n * c0
        const p1 = 0xcd9e8d57n * c2
        ;[c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask]
        k0 = (k0 + 0x9e3779b9n) & mask
        k1 = (k1 + 0xbb67ae85n) & mask
      }
      return [c0, c1, c2, c3].map(Number)
    }
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        assert.deepStrictEqual(block(counter, key), reference(counter, key))
      })
    )
  })

  it("always draws the same numbers at the same place, and others anywhere else", () => {
    const draw = (...place: Parameters<typeof CounterRandom.make>) => {
      const { uniform } = CounterRandom.make(...place)
      return Array.from({ length: 9 }, uniform)
    }
    fc.assert(
      fc.property(word, word, word, word, (seed, a, b, c) => {
        const here = draw(seed, Purpose.augmentation, a, b, c)
        assert.deepStrictEqual(draw(seed, Purpose.augmentation, a, b, c), here)
        for (const elsewhere of [
          draw(seed ^ 1, Purpose.augmentation, a, b, c),
          draw(seed, Purpose.sampleOrder, a, b, c),
          draw(seed, Purpose.augmentation, a ^ 1, b, c),
          draw(seed, Purpose.augmentation, a, b ^ 1, c),
          draw(seed, Purpose.augmentation, a, b, c ^ 1)
        ]) {
          assert.notDeepEqual(elsewhere, here)
        }
      })
    )
  })

  it("has the moments of a uniform and of a standard normal distribution", () => {
    const random = CounterRandom.make(3, Purpose.synthetic)
    const size = 20_000
    const moments = (values: ReadonlyArray<number>) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / size
      return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size] as const
    }
    const [uniformMean, uniformVariance] = moments(Array.from({ length: size }, random.uniform))
    const [normalMean, normalVariance] = moments(Array.from({ length: size }, random.normal))
    // Five standard errors of 20,000 draws.
    assert.closeTo(uniformMean, 0.5, 0.0102)
    assert.closeTo(uniformVariance, 1 / 12, 0.0027)
    assert.closeTo(normalMean, 0, 0.0354)
    assert.closeTo(normalVariance, 1, 0.05)
  })

  it("always permutes: every number below the size exactly once", () => {
    fc.assert(
      fc.property(word, fc.integer({ min: 0, max: 300 }), (seed, size) => {
        const order = CounterRandom.permutation(CounterRandom.make(seed, Purpose.sampleOrder), size)
        assert.deepStrictEqual(
          Array.from(order).sort((a, b) => a - b),
          Array.from({ length: size }, (_, i) => i)
        )
      })
    )
  })

  it("permutes without preference: every number comes first equally often", () => {
    const firsts = [0, 0, 0, 0]
    for (let seed = 0; seed < 4000; seed++) {
      firsts[CounterRandom.permutation(CounterRandom.make(seed, Purpose.sampleOrder), 4)[0]!]!++
    }
    // Five standard deviations of a binomial of 4,000 with 1/4.
    for (const count of firsts) assert.closeTo(count, 1000, 137)
  })
})
