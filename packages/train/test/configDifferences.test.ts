import { assert, describe, it } from "@effect/vitest"
import {
  changeable,
  configDifferences,
  isFree,
  type Permission,
  permissionOf
} from "@moco/train/RunConfig/differences"
import { validConfig } from "@moco/train/testing/validConfig"

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

  const permissions: Readonly<Record<string, Permission>> = {
    "evaluations.knn.everyEpochs": "mayChange",
    "backend.threads": "mayChange",
    "training.epochs": "isLogged",
    "optimizer.learningRate": "isLogged",
    "evaluations.knn.k": "isLogged",
    "evaluations.knn.temperature": "isLogged"
  }
  for (const [path] of all) {
    const expected = permissions[path] ?? "mustMatch"
    it(`has the permission ${expected} for ${path}`, () => {
      assert.strictEqual(permissionOf(path), expected)
      assert.strictEqual(isFree({ path, before: "", now: "" }), expected === "mayChange")
      assert.strictEqual(changeable.includes(path), expected !== "mustMatch")
    })
  }

  it("has no permission for a setting that nobody knows", () => {
    for (const path of ["", "optimizer", "toString", "optimizer.learningRate.x"]) {
      assert.strictEqual(permissionOf(path), "mustMatch")
    }
  })

  it("is told of a setting that only one of the configs has", () => {
    const { dictionary, ...rest } = validConfig
    const [difference] = configDifferences(validConfig, rest as typeof validConfig)
    assert.include(difference!.path, "dictionary")
    assert.strictEqual(dictionary.kind, "queue")
  })
})
