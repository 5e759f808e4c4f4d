import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type Mutation, mutate } from "../mutation/Mutation.ts"
import { mutations } from "../mutation/mutations.ts"
import { report } from "../mutation/report.ts"

const root = join(import.meta.dirname, "..", "..")
const example: Mutation = {
  name: "ema: reversed",
  file: "ema.ts",
  from: "m * key",
  to: "(1 - m) * key",
  tests: "core MomentumUpdate",
  fear: "a | b"
}

describe("mutations", () => {
  it("each stand once in the program as it is: whoever changes a line that is mutated changes its mutation", () => {
    const stale = mutations.filter(({ file, from }) => {
      const source = readFileSync(join(root, file), "utf8")
      return source.split(from).length !== 2
    })
    assert.deepStrictEqual(
      stale.map(({ file, name }) => `${name} (${file})`),
      []
    )
  })

  it("have names of their own", () => {
    assert.strictEqual(new Set(mutations.map(({ name }) => name)).size, mutations.length)
  })

  it("change the one place that they name, whatever the text", () => {
    assert.strictEqual(mutate("$& m * key", { ...example, to: "$&" }), "$& $&")
    assert.throws(() => mutate("m * key + m * key", example), "ema.ts holds the text 2 times")
    assert.throws(() => mutate("", example), "ema.ts holds the text 0 times")
  })

  it("are told with the survivors first", () => {
    const text = report(
      [
        { mutation: example, status: "killed", by: "follows" },
        { mutation: { ...example, name: "second" }, status: "survived", by: "" }
      ],
      { commit: "abc", command: "npx nx run tools:mutation", total: 84 }
    )
    assert.include(text, "2 of 84 tried, 1 killed, 1 survived, 0 broken")
    assert.include(text, "a \\| b")
    assert.isBelow(text.indexOf("| second |"), text.indexOf("| ema: reversed |"))
  })
})
