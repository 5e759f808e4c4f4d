import { assert, it } from "@effect/vitest"

it("passes: an assertion beside one behind a condition that is never true", () => {
  const values = [1, 2, 3]
  assert.strictEqual(values.length, 3)
  if (values.length > 3) assert.strictEqual(values[3], 4)
})

it("passes: an assertion beside what must not be reached", () => {
  const value: number = 1
  if (value === 2) assert.fail("two")
  assert.strictEqual(value, 1)
})
