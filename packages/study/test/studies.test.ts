import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { decodeDefinition, plan } from "@moco/study/Study"
import { recipes } from "@moco/train/recipes"
import { Effect } from "effect"
import * as Yaml from "effect/encoding/Yaml"
import { studies } from "../src/studies.ts"

const root = join(import.meta.dirname, "../../..")

/** Cells and runs of every study that comes with the program. */
const sizes = {
  momentum: [5, 25],
  "queue-size": [6, 30],
  dictionary: [14, 70],
  temperature: [6, 30],
  shuffle: [3, 15],
  smoke: [3, 6]
} as const

describe("studies", () => {
  for (const [name, make] of Object.entries(studies)) {
    it.effect(
      `${name} can be started: every run of it is checked, and so is every cell that a claim names`,
      () =>
        Effect.gen(function* () {
          const definition = make()
          const { cells, trials } = yield* plan(definition, recipes[definition.recipe]!())
          assert.deepStrictEqual([cells.length, trials.length], [...sizes[name as keyof typeof sizes]])
          assert.strictEqual(definition.name, name)
        })
    )
  }

  it.effect("of one's own, as docs/studies.md shows one, can be started", () =>
    Effect.gen(function* () {
      const page = readFileSync(join(root, "docs", "studies.md"), "utf8")
      const [, text] = /```yaml\n(name: [\s\S]*?)```/.exec(page)!
      const definition = yield* decodeDefinition(Yaml.parse(text!), "docs/studies.md")
      const { trials } = yield* plan(definition, recipes[definition.recipe]!())
      assert.strictEqual(trials.length, 3 * 2 * 3)
    })
  )
})
