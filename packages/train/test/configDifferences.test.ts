import { assert, describe, it } from "@effect/vitest"
import { configDifferences, isFree } from "@moco/train/RunConfig/differences"
import { validConfig } from "./validConfig.ts"

/** Paths of every setting, with another value in its place. */
const changes = (
  value: unknown,
  path: ReadonlyArray<string> = []
): ReadonlyArray<readonly [string, unknown]> => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => changes(inner, [...path, key]))
  }
  const other = typeof value === "number" ? value + 1 : typeof value === "boolean" ? !value : [value, "other"]
  return [[path.join("."), other]]
}

const withValue = (config: object, path: string, value: unknown): typeof validConfig => {
  const copy = structuredClone(config)
  const keys = path.split(".")
  const parent = keys
    .slice(0, -1)
    .reduce<Record<string, unknown>>((at, key) => at[key] as never, copy as never)
  parent[keys.at(-1)!] = value
  return copy as typeof validConfig
}

describe("a run that goes on with another config", () => {
  const all = changes(validConfig)

  it("is told of every setting that is another one, and of no other", () => {
    assert.isAbove(all.length, 20)
    assert.deepStrictEqual(configDifferences(validConfig, structuredClone(validConfig)), [])
    for (const [path, value] of all) {
      const found = configDifferences(validConfig, withValue(validConfig, path, value))
      assert.deepStrictEqual(
        found.map((difference) => difference.path),
        [path]
      )
      assert.notStrictEqual(found[0]!.before, found[0]!.now)
    }
  })

  it("may change how often it is judged and its threads, and nothing that it computes with", () => {
    const free = all.filter(([path]) => isFree({ path, before: "", now: "" })).map(([path]) => path)
    assert.sameMembers(free, ["evaluation.everyEpochs", "backend.threads"])
  })

  it("is told of a setting that only one of the configs has", () => {
    const { dictionary, ...rest } = validConfig
    const [difference] = configDifferences(validConfig, rest as typeof validConfig)
    assert.include(difference!.path, "dictionary")
    assert.strictEqual(dictionary.kind, "queue")
  })
})
