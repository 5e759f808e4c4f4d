import { assert } from "@effect/vitest"

/** Asserts equal lengths and that no value differs by more than `tolerance`; one assertion, for speed. */
export const assertClose = (
  actual: ArrayLike<number>,
  expected: ReadonlyArray<number>,
  tolerance: number
): void => {
  assert.strictEqual(actual.length, expected.length)
  // Written so that a NaN is found, too.
  const wrong = expected.findIndex((value, offset) => !(Math.abs(value - actual[offset]!) <= tolerance))
  if (wrong >= 0) {
    assert.fail(`value ${wrong} is ${actual[wrong]} instead of ${expected[wrong]} (+- ${tolerance})`)
  }
}
