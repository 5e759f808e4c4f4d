import { assert, describe, it } from "@effect/vitest"
import { decodeDefinition, type StudyDefinition } from "@moco/train/Study"
import { Effect } from "effect"
import fc from "fast-check"
import { definition, planned } from "./studyFixture.ts"

/** Everything that is said against a study that differs from the valid one in `changes`. */
const objections = (changes: Partial<StudyDefinition>) =>
  Effect.map(Effect.flip(planned(changes)), ({ message }) => message)

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
        { "evaluation.temperature": 0.2 },
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

  const refused: ReadonlyArray<readonly [string, Partial<StudyDefinition>, ReadonlyArray<string>]> = [
    [
      "an axis of an unknown setting, with the one that was meant",
      { axes: [{ setting: "loss.temprature", values: [0.1] }] },
      ["loss.temprature", "did you mean temperature?"]
    ],
    [
      "a value that no run may have, with the cell it is in",
      { axes: [{ setting: "momentum.m", values: [0.5, 2] }] },
      ["momentum.m, in m = 2", "2"]
    ],
    [
      "an axis without values",
      { axes: [{ setting: "momentum.m", values: [] }] },
      ["axes[0].values", "empty"]
    ],
    ["an axis that varies nothing", { axes: [{ name: "x" }] }, ["axes[0]", "gives nothing to vary"]],
    [
      "an axis with values and points",
      { axes: [{ name: "x", setting: "momentum.m", values: [0], points: [] }] },
      ["contradicts itself"]
    ],
    ["a grid without axes", { axes: [] }, ["the grid", "give axes or cells"]],
    ["a grid without seeds", { seeds: [] }, ["seeds", "empty"]],
    ["the same seed twice", { seeds: [3, 4, 3] }, ["seeds", "3 twice"]],
    [
      "a value twice",
      { axes: [{ setting: "momentum.m", values: [0, 0.5, 0] }] },
      ["axes[0].values", '"0" twice']
    ],
    [
      "two axes of one setting",
      {
        axes: [
          { setting: "momentum.m", values: [0] },
          { name: "also", setting: "momentum.m", values: [1] }
        ]
      },
      ["axes[1]", "is set by axes[0] as well"]
    ],
    [
      "a setting that is fixed and varied",
      { set: { momentum: { kind: "copy" } } },
      ["momentum.m", "is set by set as well"]
    ],
    ["the seed as an axis", { axes: [{ setting: "seed", values: [1, 2] }] }, ["list the seeds under seeds"]],
    ["cells beside axes", { cells: [{ settings: { m: 1 }, set: {} }] }, ["cells", "contradicts axes"]],
    [
      "cells that stand on different axes",
      {
        axes: [],
        cells: [
          { settings: { a: 1 }, set: {} },
          { settings: { b: 1 }, set: { "momentum.m": 0 } }
        ]
      },
      ["cells[1].settings", "other axes"]
    ],
    [
      "two cells that come to the same run",
      { axes: [{ name: "x", points: [point("a", {}), point("b", { "momentum.m": 0.99 })] }] },
      ["x = b", "the same run as x = a"]
    ],
    [
      "two cells that stand in the same place",
      {
        axes: [],
        cells: [
          { settings: { a: 1 }, set: { "momentum.m": 0.1 } },
          { settings: { a: "1" }, set: { "momentum.m": 0.2 } }
        ]
      },
      ["cells[1].settings", "is where cells[0] stands"]
    ],
    [
      "a setting beside the section it is a part of",
      { set: { "training.epochs": 3, training: { batchSize: 64 } } },
      ["training.epochs", "is a part of training"]
    ],
    [
      "a listed cell that sets a part of what all have",
      {
        set: { training: { epochs: 3, batchSize: 64 } },
        axes: [],
        cells: [{ settings: { a: 1 }, set: { "training.epochs": 2 } }]
      },
      ["cells[0].set", "overlaps with training in set"]
    ],
    [
      "an axis without effect on what its cells compute",
      {
        set: { dictionary: { kind: "endToEnd", weights: "shared" } },
        axes: [{ setting: "momentum.m", values: [0.1, 0.2] }]
      },
      ["m = 0.2", "the same run as m = 0.1"]
    ],
    ["a path that is none", { axes: [{ setting: "", values: [1] }] }, ["axes[0].setting", "not a path"]],
    [
      "one axis for both x and lines",
      { chart: { x: "m", series: "m" } },
      ["chart.series", "is chart.x already"]
    ],
    [
      "a claim that compares nothing",
      { claims: [{ statement: "s", paper: "p", expects: "above", contrasts: [] }] },
      ["claims[0].contrasts", "compares nothing"]
    ],
    [
      "a paper's figure for a cell that is not there",
      { published: { source: "s", values: [{ cell: { m: 0.5, K: 128 }, percent: 1 }] } },
      ["published.values[0]", "fits 0 cells"]
    ],
    ["a chart of an axis that is not there", { chart: { x: "size" } }, ["chart.x", "axes: m, K"]],
    ["a reference that fits no cell", { reference: { m: 0.5 } }, ["reference", "fits no cell"]],
    ["a k that no run judges", { neighbours: 7 }, ["neighbours", "200, 20"]],
    [
      "a claim about a cell that is not there",
      {
        claims: [
          {
            statement: "s",
            paper: "p",
            expects: "above",
            contrasts: [{ label: "l", terms: [{ cell: { m: 0 }, weight: 1 }] }]
          }
        ]
      },
      ["claims[0]", "fits 3 cells"]
    ]
  ]
  for (const [title, changes, words] of refused) {
    it.effect(`refuses ${title}`, () =>
      Effect.gen(function* () {
        const message = yield* objections(changes)
        for (const word of words) assert.include(message, word)
      })
    )
  }

  it.effect("names every problem at once, and each once for all cells that have it", () =>
    Effect.gen(function* () {
      const message = yield* objections({ set: { "training.epochs": 0 }, neighbours: 7 })
      assert.include(message, "has 2 problems")
      assert.include(message, "  training.epochs = 0: ")
      assert.include(message, "neighbours = 7")
      const some = yield* objections({
        axes: [
          { setting: "momentum.m", values: [0, 2] },
          { setting: "dictionary.size", values: [1, 2] }
        ]
      })
      assert.include(some, "has 1 problem:")
      assert.include(some, "momentum.m, in m = 2, size = 1 and 1 more = 2: ")
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
