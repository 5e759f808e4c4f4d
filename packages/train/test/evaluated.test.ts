import { appendFileSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { measured } from "@moco/evaluation/Measurement"
import { type Evaluated, keepEvaluated, readEvaluated } from "@moco/train/RunFolder/evaluated"
import { Effect } from "effect"
import { inTemporary } from "./inTemporary.ts"

const metric = { evaluation: "knn", metric: "kNN accuracy", unit: "fraction", higherIsBetter: true }

const evaluated = (value: number): Evaluated => ({
  ...{ time: "2026-01-01T00:00:00.000Z", which: "last", step: 8, weights: "ab" },
  images: { name: "own", sha256: "cd" },
  evaluations: {},
  measurements: [measured({ ...metric, protocol: "made up" }, "trained encoder", value)]
})

describe("what was measured of a run's encoder since", () => {
  it.effect("is read as it was kept, oldest first, numbers that are none included", () =>
    inTemporary(
      (file) =>
        Effect.gen(function* () {
          for (const value of [0.5, Number.NaN]) yield* keepEvaluated(file, evaluated(value))
          const { found, problems } = yield* readEvaluated(file)
          assert.deepStrictEqual(problems, [])
          assert.deepStrictEqual(
            found.map(({ measurements }) => measurements[0]!.value),
            [0.5, Number.NaN]
          )
          assert.deepInclude(found[0], { which: "last", step: 8, weights: "ab" })
        }),
      "evaluations.jsonl"
    )
  )

  it.effect("is nothing where nothing was kept", () =>
    inTemporary(
      (file) =>
        Effect.map(readEvaluated(file), (read) => assert.deepStrictEqual(read, { found: [], problems: [] })),
      "evaluations.jsonl"
    )
  )

  it.effect("is read beside lines that are damaged, which are told by their number", () =>
    inTemporary(
      (file) =>
        Effect.gen(function* () {
          yield* keepEvaluated(file, evaluated(0.5))
          appendFileSync(file, '{"time": 3}\n')
          yield* keepEvaluated(file, evaluated(0.6))
          appendFileSync(file, readFileSync(file, "utf8").slice(0, 40))
          const { found, problems } = yield* readEvaluated(file)
          assert.lengthOf(found, 2)
          assert.lengthOf(problems, 1)
          assert.match(problems[0]!, /^evaluations\.jsonl, line 2: /)
        }),
      "evaluations.jsonl"
    )
  )

  it.effect("is read without the settings that it was measured by, which another time may not know", () =>
    inTemporary(
      (file) =>
        Effect.gen(function* () {
          const line = { ...evaluated(0.5), evaluations: { later: {} } }
          appendFileSync(file, `${JSON.stringify(line)}\n`)
          assert.lengthOf((yield* readEvaluated(file)).found, 1)
        }),
      "evaluations.jsonl"
    )
  )
})
