import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { parseEvery } from "../src/commands/train/checkpointEvery.ts"

describe("--checkpoint-every", () => {
  const accepted = [
    ["500steps", { steps: 500 }],
    ["1step", { steps: 1 }],
    ["2epochs", { epochs: 2 }],
    ["90seconds", { seconds: 90 }],
    ["5minutes", { seconds: 300 }],
    ["1epoch, 2minutes", { epochs: 1, seconds: 120 }],
    ["never", {}]
  ] as const
  for (const [flag, every] of accepted) {
    it.effect(`takes ${flag}`, () =>
      Effect.map(parseEvery(Option.some(flag)), (parsed) => assert.deepStrictEqual(parsed, every))
    )
  }

  it.effect("is every epoch and every two minutes where it is not given", () =>
    Effect.map(parseEvery(Option.none()), (parsed) =>
      assert.deepStrictEqual(parsed, { epochs: 1, seconds: 120 })
    )
  )

  for (const [flag, words] of [
    ["9000000000000000minutes", "must be at most 10,000,000 minutes"],
    ["1epoch,2000000epochs", "must be at most 1,000,000 epochs"],
    ["99999999999999999999steps", "must be at most 1,000,000,000 steps"]
  ] as const) {
    it.effect(`refuses ${flag}, which is beyond any run`, () =>
      Effect.gen(function* () {
        const { message } = yield* Effect.flip(parseEvery(Option.some(flag)))
        assert.include(message, words)
      })
    )
  }

  for (const flag of ["5parsecs", "0steps", "steps", "1.5epochs", "-1steps", "", "1epoch,", "2toString"]) {
    it.effect(`refuses "${flag}" and says how it is written`, () =>
      Effect.gen(function* () {
        const { _tag, message } = yield* Effect.flip(parseEvery(Option.some(flag)))
        assert.strictEqual(_tag, "ConfigInvalid")
        assert.include(message, "--checkpoint-every")
        assert.include(message, "500steps")
      })
    )
  }
})
