import { assert, describe, it } from "@effect/vitest"
import { decodeDefinition, type StudyDefinition } from "@moco/study/Study"
import { Effect } from "effect"
import { refused, supervised } from "./refusedStudies.ts"
import { planned } from "./studyFixture.ts"

/** Everything that is said against a study that differs from the valid one in `changes`. */
const objections = (changes: Partial<StudyDefinition>) =>
  Effect.map(Effect.flip(planned(changes)), ({ message }) => message)

describe("a study that no run can be started for", () => {
  for (const [title, changes, words] of refused) {
    it.effect(`refuses ${title}`, () =>
      Effect.gen(function* () {
        const message = yield* objections(changes)
        for (const word of words) assert.include(message, word)
      })
    )
  }

  it.effect("may evaluate the untrained encoder alone where it is about something else", () =>
    Effect.gen(function* () {
      const about = (changes: Partial<StudyDefinition>) =>
        Effect.map(planned(changes), ({ metric: { metric } }) => metric)
      const alone = { "evaluations.knn": null, "evaluations.supervised": supervised }
      assert.strictEqual(yield* about({ set: alone, metric: "loss" }), "loss")
      assert.strictEqual(
        yield* about({ set: { "evaluations.supervised": supervised } }),
        "kNN accuracy (k = 200)"
      )
    })
  )

  it.effect("refuses a key by the name that it had, with the one that it has now", () =>
    Effect.gen(function* () {
      const contrast = { label: "l", measure: "pretextAccuracy", terms: [] }
      const claims = [{ statement: "s", paper: "p", expects: "above", contrasts: [contrast] }]
      const { problems } = yield* Effect.flip(
        decodeDefinition({ name: "old", recipe: "test", seeds: [1], neighbours: 20, claims }, "old.yaml")
      )
      assert.deepStrictEqual(
        problems.map(({ hint, path }) => [path, hint]),
        [
          ["neighbours", 'is now metric, e.g. "kNN accuracy (k = 20)"'],
          ["claims[0].contrasts[0].measure", 'is now metric, e.g. "pretext accuracy"']
        ]
      )
    })
  )

  it.effect("names every problem at once, and each once for all cells that have it", () =>
    Effect.gen(function* () {
      const message = yield* objections({ set: { "training.epochs": 0 }, metric: "top-1" })
      assert.include(message, "has 2 problems")
      assert.include(message, "  training.epochs = 0: ")
      assert.include(message, 'metric = "top-1"')
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
})
