import { assert, describe, it } from "@effect/vitest"
import { decodeDefinition } from "@moco/study/Study"
import { Effect } from "effect"
import fc from "fast-check"
import { definition, planned } from "./studyFixture.ts"

const point = (label: string, set: Record<string, unknown>) => ({ label, set })

describe("Study", () => {
  it.effect("lays out every combination of the axes once for every seed, seed by seed", () =>
    Effect.gen(function* () {
      const { cells, trials } = yield* planned()
      assert.strictEqual(cells.length, 6)
      assert.deepStrictEqual(cells[1], { m: 0, K: 256 })
      assert.deepStrictEqual(
        trials.map(({ seed }) => seed),
        [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2]
      )
      const last = trials.at(-1)!
      assert.deepStrictEqual(last.settings, { m: 0.99, K: 1024 })
      assert.deepStrictEqual(last.config.momentum, { kind: "ema", m: 0.99 })
      assert.deepStrictEqual(last.config.dictionary, { kind: "queue", size: 1024 })
      assert.strictEqual(last.config.training.epochs, 2)
      assert.strictEqual(last.config.seed, 2)
    })
  )

  it.effect("always gives as many trials as the product of axes and seeds, each of its own id", () =>
    Effect.gen(function* () {
      const distinct = (min: number, max: number) =>
        fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 })
      const context = yield* Effect.context<never>()
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            distinct(1, 500),
            distinct(1, 20),
            distinct(0, 99),
            async (sizes, epochs, seeds) => {
              const axes = [
                { setting: "dictionary.size", values: sizes },
                { setting: "training.epochs", values: epochs }
              ]
              const { trials } = await Effect.runPromiseWith(context)(planned({ set: {}, axes, seeds }))
              assert.strictEqual(new Set(trials.map(({ id }) => id)).size, trials.length)
              assert.strictEqual(trials.length, sizes.length * epochs.length * seeds.length)
            }
          ),
          { numRuns: 20 }
        )
      )
    })
  )

  it.effect("gives a run the same id in whatever study it stands", () =>
    Effect.gen(function* () {
      const listed = yield* planned({
        axes: [],
        cells: [{ settings: { x: 1 }, set: { "dictionary.size": 256, "momentum.m": 0 } }],
        seeds: [2]
      })
      const { trials } = yield* planned()
      assert.include(
        trials.map(({ id }) => id),
        listed.trials[0]!.id
      )
    })
  )

  it.effect("varies what is no number or word too, and names it as it is written", () =>
    Effect.gen(function* () {
      const { cells, trials } = yield* planned({
        axes: [
          { setting: "loss.symmetric", values: [false, true] },
          { setting: "encoder.layers", values: [[1], [1, 1]] }
        ]
      })
      assert.deepStrictEqual(cells.at(-1), { symmetric: "true", layers: "[1,1]" })
      assert.deepStrictEqual(trials.at(-1)!.config.encoder.layers, [1, 1])
    })
  )

  it.effect("knows a run by what it computes: settings without effect do not tell runs apart", () =>
    Effect.gen(function* () {
      const idOf = (set: Record<string, unknown>) =>
        Effect.map(
          planned({ axes: [], cells: [{ settings: { a: 1 }, set }], seeds: [1] }),
          ({ trials }) => trials[0]!.id
        )
      const equal: ReadonlyArray<readonly [Record<string, unknown>, Record<string, unknown>]> = [
        [{ momentum: { kind: "copy" } }, { "momentum.m": 0 }],
        [{ momentum: { kind: "frozen" } }, { "momentum.m": 1 }],
        [{ "augmentation.blurSigma": { min: 1, max: 1 } }, {}],
        [
          { "keyShuffle.kind": "plain", "encoder.batchNormGroups": 1 },
          { "keyShuffle.kind": "none", "encoder.batchNormGroups": 1 }
        ]
      ]
      for (const [a, b] of equal) assert.strictEqual(yield* idOf(a), yield* idOf(b), JSON.stringify(a))
      const distinct = [
        {},
        { "augmentation.blur": 0.5 },
        { "momentum.m": 0.5 },
        { momentum: { kind: "cosine", m: 0.99 } },
        { "keyShuffle.kind": "none" },
        { "evaluations.knn.temperature": 0.2 },
        { dictionary: { kind: "endToEnd", weights: "shared" } },
        { dictionary: { kind: "endToEnd", weights: "separate" } }
      ]
      assert.strictEqual(new Set(yield* Effect.forEach(distinct, idOf)).size, distinct.length)
    })
  )

  it.effect("sets whole sections by points, and names the axis as they do", () =>
    Effect.gen(function* () {
      const { trials } = yield* planned({
        axes: [
          {
            name: "mechanism",
            points: [
              point("queue", {}),
              point("end-to-end", { dictionary: { kind: "endToEnd", weights: "shared" } })
            ]
          }
        ]
      })
      assert.deepStrictEqual(trials[1]!.settings, { mechanism: "end-to-end" })
      assert.deepStrictEqual(trials[1]!.config.dictionary, { kind: "endToEnd", weights: "shared" })
    })
  )

  it.effect("reads a definition from outside, and says where it is wrong", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(
        yield* decodeDefinition(JSON.parse(JSON.stringify(definition)), "grid"),
        definition
      )
      const error = yield* Effect.flip(
        decodeDefinition({ ...definition, seeds: [1.5], axis: [] }, "mine.yaml")
      )
      for (const word of ["mine.yaml", "seeds[0] = 1.5", "axis", "did you mean axes?"]) {
        assert.include(error.message, word)
      }
    })
  )
})
