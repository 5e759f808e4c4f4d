import { assert, describe, it } from "@effect/vitest"
import * as CounterRandom from "@moco/core/CounterRandom"
import {
  drawRows,
  jackknifeInterval,
  jackknifeOfPairs,
  meanInterval,
  rowsWithoutGroups
} from "@moco/evaluation/bootstrap"
import { criticalT } from "@moco/evaluation/studentT"
import fc from "fast-check"
import { oracles } from "./oracles.ts"

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length

const values = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 40 })
const seed = fc.nat()

describe("an interval by the bootstrap", () => {
  it("has 1.96 standard errors on both sides of the mean of many numbers", () => {
    const random = CounterRandom.make(1, CounterRandom.Purpose.synthetic)
    const normal = CounterRandom.normals(random, 2000)
    const { high, low } = meanInterval(normal, { seed: 3, resamples: 4000 })
    const deviation = Math.sqrt(mean(normal.map((value) => (value - mean(normal)) ** 2)))
    const margin = (1.96 * deviation) / Math.sqrt(normal.length)
    // Of 4000 resamples an end is known to about 4 % of the margin.
    assert.closeTo(low, mean(normal) - margin, 0.1 * margin)
    assert.closeTo(high, mean(normal) + margin, 0.1 * margin)
  })

  it("is that of the binomial distribution for an accuracy", () => {
    const right = Array.from({ length: 400 }, (_, image) => (image % 10 === 0 ? 0 : 1))
    const { high, low } = meanInterval(right, { seed: 5, resamples: 20_000 })
    // scipy.stats.binom.ppf([0.025, 0.975], 400, 0.9) = 348, 371
    assert.closeTo(low, 348 / 400, 1e-9)
    assert.closeTo(high, 371 / 400, 1e-9)
    // Drawn row by row, which is the way of other numbers than 0 and 1, it is the same but for chance.
    const drawn = meanInterval(
      right.map((value) => 2 * value),
      { seed: 5, resamples: 4000 }
    )
    assert.closeTo(drawn.low / 2, low, 0.004)
    assert.closeTo(drawn.high / 2, high, 0.004)
  })

  it("has numpy's quantiles: of three resamples, half a step inwards at a level of 0.5", () => {
    const numbers = [3, 1, 4, 1, 5]
    const means = [0, 1, 2].map((resample) => {
      const rows = new Int32Array(5)
      drawRows(7, resample, rows)
      return mean(rows.map((row) => numbers[row]!))
    })
    const [a, b, c] = means.sort((x, y) => x - y) as [number, number, number]
    const { high, low } = meanInterval(numbers, { seed: 7, resamples: 3, level: 0.5 })
    assert.closeTo(low, (a + b) / 2, 1e-12)
    assert.closeTo(high, (b + c) / 2, 1e-12)
  })

  it("draws the rows that CounterRandom names", () => {
    fc.assert(
      fc.property(seed, fc.nat(1000), fc.integer({ min: 1, max: 50 }), (seed, resample, size) => {
        const rows = new Int32Array(size)
        drawRows(seed, resample, rows)
        const random = CounterRandom.make(seed, CounterRandom.Purpose.bootstrap, resample)
        assert.deepStrictEqual(
          rows,
          Int32Array.from({ length: size }, () => random.below(size))
        )
      })
    )
  })

  it("lies within the values, moves with them, and is wider at a higher level", () => {
    fc.assert(
      fc.property(values, seed, (values, seed) => {
        const options = { seed, resamples: 50 }
        const { high, low } = meanInterval(values, options)
        assert.isTrue(Math.min(...values) - 1e-9 <= low && low <= high && high <= Math.max(...values) + 1e-9)
        const moved = meanInterval(
          values.map((value) => 2 * value + 30),
          options
        )
        assert.closeTo(moved.low, 2 * low + 30, 1e-9)
        const wider = meanInterval(values, { ...options, level: 0.99 })
        assert.isTrue(wider.low <= low && high <= wider.high)
      })
    )
  })
})

describe("an interval by the jackknife", () => {
  it("of a mean, one row at a time, is that of Student's t", () => {
    fc.assert(
      fc.property(values, (values) => {
        const size = values.length
        const interval = jackknifeInterval((rows) => mean(Array.from(rows, (row) => values[row]!)), size, {
          groups: size
        })
        const variance = values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (size - 1)
        const margin = criticalT(0.95, size - 1) * Math.sqrt(variance / size)
        assert.closeTo(interval.high, mean(values) + margin, 1e-9)
        assert.closeTo(interval.low, mean(values) - margin, 1e-9)
      })
    )
  })

  it("of pairs is that of the pairs that are left, counted anew without each image", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 12 }),
        fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 12 * 12, maxLength: 12 * 12 }),
        (size, values) => {
          const ofPair = (a: number, b: number) => values[12 * Math.min(a, b) + Math.max(a, b)]!
          const statistic = (rows: Int32Array) =>
            Math.log(mean([...rows].flatMap((a, at) => [...rows.slice(at + 1)].map((b) => ofPair(a, b)))))
          const all = Array.from({ length: size }, (_, image) => image)
          const sums = all.map((a) => all.reduce((sum, b) => sum + (b === a ? 0 : ofPair(a, b)), 0))
          const found = jackknifeOfPairs({ sums, pairsOfEach: size - 1 }, Math.log)!
          const slow = jackknifeInterval(statistic, size, { groups: size })
          assert.closeTo(found.low, slow.low, 1e-9)
          assert.closeTo(found.high, slow.high, 1e-9)
        }
      )
    )
  })

  it("of pairs is none of two images, without one of which no pair is left", () => {
    assert.isUndefined(jackknifeOfPairs({ sums: [1, 1], pairsOfEach: 1 }, Math.log))
  })

  it("leaves every row out once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 60 }),
        fc.integer({ min: 2, max: 10 }),
        seed,
        (size, groups, seed) => {
          const without = rowsWithoutGroups(size, groups, seed)
          const times = Array.from(
            { length: size },
            (_, row) => without.filter((rows) => rows.includes(row)).length
          )
          assert.deepStrictEqual(new Set(times), new Set([groups - 1]))
          const sizes = without.map((rows) => rows.length)
          assert.isAtMost(Math.max(...sizes) - Math.min(...sizes), 1)
        }
      )
    )
  })

  it("has scipy's Student t", () => {
    for (const { degrees, level, t } of oracles.student) {
      assert.closeTo(criticalT(level, degrees) / t, 1, 1e-10)
    }
  })
})
