import { assert } from "@effect/vitest"

/**
 * Asserts equal lengths and that no value is further from the expected one than `tolerance`, relative to the
 * larger of 1 and the expected magnitude. One assertion for all values, for speed.
 */
export const assertClose = (
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "value"
): void => {
  assert.strictEqual(actual.length, expected.length, `number of ${what}s`)
  for (let index = 0; index < expected.length; index++) {
    const allowed = tolerance * Math.max(1, Math.abs(expected[index]!))
    // Written so that a NaN is found, too.
    if (!(Math.abs(actual[index]! - expected[index]!) <= allowed)) {
      assert.fail(`${what} ${index} is ${actual[index]} instead of ${expected[index]} (+- ${allowed})`)
    }
  }
}
