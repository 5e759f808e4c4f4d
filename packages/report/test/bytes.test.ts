import { assert, describe, it } from "@effect/vitest"
import { bytesText } from "../src/bytes.ts"

describe("a number of bytes", () => {
  it("is written with three digits and a unit", () => {
    const written = [0, 1, 999, 1000, 29_515, 999_999, 170_052_171, 2_640_397_119, 5e12].map(bytesText)
    assert.deepStrictEqual(written, [
      "0 bytes",
      "1 bytes",
      "999 bytes",
      "1 kB",
      "29.5 kB",
      "1000 kB",
      "170 MB",
      "2.64 GB",
      "5000 GB"
    ])
  })
})
