import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { configFileSchema, type JsonSchema } from "@moco/train/RunConfig/jsonSchema"
import { type Setting, settingsOf } from "@moco/train/RunConfig/settings"
import { recipes } from "@moco/train/recipes"
import { runInProcess as run } from "./inProcess.ts"
import { assertPlainError, fresh, lastLine, root } from "./program.ts"

/** Paths of the values in a config; a list is a value. */
const leaves = (value: unknown, path = ""): ReadonlyArray<string> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`))
    : [path]

const names = Object.keys(recipes)

describe("moco settings", () => {
  it("lists every value of every recipe, with the recipe's value", () => {
    for (const name of names) {
      const config = recipes[name]!()
      const settings = settingsOf(config)
      for (const path of leaves(config)) {
        const value = path.split(".").reduce<unknown>((inner, key) => (inner as never)[key], config)
        assert.isTrue(
          settings.some((setting) => setting.path === path && setting.value === value),
          `${name}: ${path}`
        )
      }
    }
  })

  it("says of every setting what it is for, of every number its range and unit, and of what no number is no unit", () => {
    const settings = settingsOf({})
    const isNumber = ({ type }: Setting) => /number/.test(type)
    for (const setting of settings) {
      assert.notStrictEqual(setting.meaning, "", setting.path)
      if (isNumber(setting)) assert.isTrue(setting.range !== "" && setting.unit !== "", setting.path)
      else assert.strictEqual(setting.unit, "", setting.path)
    }
  })

  it("tells apart what the kinds of a section have, and says once what they have in common", () => {
    const of = (path: string) => settingsOf({}).filter((setting) => setting.path === path)
    assert.deepStrictEqual(
      of("dictionary.size").map(({ kinds }) => kinds),
      [["queue"], ["memoryBank"]]
    )
    assert.deepStrictEqual(
      of("loss.temperature").map(({ kinds }) => kinds),
      [[]]
    )
    assert.deepStrictEqual(
      of("optimizer.schedule.milestones").map(({ kinds, range, type }) => [kinds, type, range]),
      [[["step"], "list of whole numbers", "each 1 to 1000000, 1 to 1000 of them"]]
    )
  })

  it("prints them in 80 columns, all or those of a section, and as JSON", async () => {
    const all = await run("settings")
    assert.strictEqual(all.code, 0, all.stderr)
    for (const line of all.stdout.split("\n")) assert.isAtMost(line.length, 80, line)
    assert.include(
      all.stdout,
      "  optimizer.learningRate = 0.12\n      number, above 0, at most 1e+30; unitless\n"
    )
    const section = await run("settings", "optimizer", "--recipe=fashionMnist", "--json")
    const { recipe, settings } = JSON.parse(lastLine(section.stdout))
    assert.strictEqual(recipe, "fashionMnist")
    assert.deepStrictEqual(
      settings.map(({ path }: Setting) => path),
      settingsOf({}).flatMap(({ path }) => (path.startsWith("optimizer.") ? [path] : []))
    )
  })

  it("says which setting was meant", async () => {
    const misspelt = await run("settings", "optimiser")
    assert.strictEqual(misspelt.code, 2)
    assertPlainError(misspelt.stderr, "optimiser", "did you mean optimizer?")
    const last = await run("settings", "tempratur")
    assertPlainError(last.stderr, "did you mean loss.temperature or evaluations.knn.temperature?")
  })
})

describe("the JSON Schema of config files", () => {
  const committed = JSON.parse(readFileSync(join(root, "config.schema.json"), "utf8"))

  it("lies in the repository as it is written now", () => {
    // Where this fails: npx moco settings --json-schema=config.schema.json
    assert.deepStrictEqual(committed, JSON.parse(JSON.stringify(configFileSchema(names))))
  })

  it("refuses keys that nobody knows and requires none, in every section", () => {
    const sections: Array<JsonSchema> = []
    const visit = (schema: JsonSchema) => {
      if (schema.properties !== undefined) sections.push(schema)
      for (const inner of [...Object.values(schema.properties ?? {}), ...(schema.anyOf ?? [])]) visit(inner)
    }
    visit(committed)
    assert.isAbove(sections.length, 20)
    for (const { additionalProperties, required } of sections) {
      assert.strictEqual(additionalProperties, false)
      assert.isUndefined(required)
    }
    assert.strictEqual(committed.$schema, "https://json-schema.org/draft/2020-12/schema")
    assert.sameMembers(committed.properties.recipe.enum, names)
    assert.include(
      committed.properties.optimizer.properties.schedule.anyOf[1].properties.milestones.description,
      "epochs"
    )
  })

  it("may be named in a config file, which means the same then; any other unknown key is refused", async () => {
    const file = fresh()
    writeFileSync(
      `${file}.json`,
      JSON.stringify({ $schema: "../config.schema.json", loss: { temperature: -1 } })
    )
    const named = await run("train", `--config=${file}.json`, `--out=${file}`)
    assertPlainError(named.stderr, "the config has 1 problem", "loss.temperature = -1")
    writeFileSync(`${file}.yaml`, "# yaml-language-server: $schema=config.schema.json\n$schema: 7\n")
    const strange = await run("train", `--config=${file}.yaml`, `--out=${file}`)
    assertPlainError(strange.stderr, "$schema = 7: is not a known key")
  })
})
