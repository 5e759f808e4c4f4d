import { assert, describe, it } from "@effect/vitest"
import { Evaluation, EveryEpochs, evaluationKind } from "@moco/evaluation/Evaluation"
import { knn } from "@moco/evaluation/Evaluation/Knn"
import { Layer, Schema } from "effect"

/** A second evaluation that a config could name. */
const second = evaluationKind({
  name: "second",
  Settings: Schema.Struct({ everyEpochs: EveryEpochs, depth: Schema.Int }),
  configure: ({ everyEpochs }) => ({
    metrics: [],
    needs: () => [],
    layer: Layer.succeed(Evaluation, { name: "second", everyEpochs, metrics: [], evaluate: () => never })
  })
})

const never: never = undefined as never

describe("evaluations that a config names", () => {
  it("are those of its section, each of its own settings, in the order of the list", () => {
    const kinds = [knn, second] as const
    const names = (
      section: Parameters<(typeof kinds)[0]["configured"]>[0] & {
        second?: { everyEpochs: number; depth: number }
      }
    ) => kinds.flatMap((kind) => kind.configured(section)).map(({ name }) => name)
    assert.deepStrictEqual(names({}), [])
    assert.deepStrictEqual(names({ second: { everyEpochs: 1, depth: 2 } }), ["second"])
    const both = { second: { everyEpochs: 1, depth: 2 }, knn: { everyEpochs: 1, k: [5], temperature: 0.1 } }
    assert.deepStrictEqual(names(both), ["knn", "second"])
  })
})
