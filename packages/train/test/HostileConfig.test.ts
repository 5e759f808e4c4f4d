import { assert, describe, it } from "@effect/vitest"
import { applyOverrides, ConfigInvalid, decode } from "@moco/train/RunConfig"
import { nearest } from "@moco/train/RunConfig/nearest"
import { renderValue, shorten } from "@moco/train/RunConfig/Problem"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect } from "effect"
import fc from "fast-check"

/** 10^40 words that share 40 lists, as aliases in a file of a kilobyte make them. */
const bomb = () => {
  let value: unknown = "x"
  for (let level = 0; level < 40; level++) value = Array.from({ length: 10 }, () => value)
  return value
}

const nested = (levels: number) => {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** A list that holds itself. */
const endless = () => {
  const list: Array<unknown> = []
  list.push(list)
  return list
}

const hostile: ReadonlyArray<readonly [string, () => unknown]> = [
  ["a value that aliases make larger than any memory", bomb],
  ["100,000 nested lists and sections", () => nested(100_000)],
  ["a list that holds itself", endless],
  ["a word of 10 million letters", () => "x".repeat(10_000_000)],
  ["a key of 10 million letters", () => ({ ["x".repeat(10_000_000)]: 1 })],
  ["a list of a million numbers", () => new Array(1_000_000).fill(1)]
]

describe("renderValue", () => {
  it("writes what JSON would, up to 60 characters", async () => {
    await fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        assert.strictEqual(renderValue(value), shorten(text, 60))
      })
    )
  })

  it("names numbers that JSON has no word for, inside of lists too", () => {
    assert.strictEqual(
      renderValue([Number.NaN, -Infinity, { a: Number.POSITIVE_INFINITY }]),
      '[NaN,-Infinity,{"a":Infinity}]'
    )
  })

  it("leaves nothing in its text that a terminal obeys", () => {
    assert.strictEqual(renderValue("\u001b[31m\u009b"), String.raw`"\u001b[31m\u009b"`)
  })

  for (const [title, make] of hostile) {
    it(`shows the beginning of ${title}`, () => {
      const text = renderValue(make())
      assert.lengthOf(text, 60)
      assert.match(text, /\.\.\.$/)
    })
  }
})

/** The message with which a config is refused. */
const refusal = <A>(refused: Effect.Effect<A, ConfigInvalid>) =>
  Effect.map(Effect.flip(refused), (error) => {
    assert.instanceOf(error, ConfigInvalid)
    return error.message
  })

describe("a hostile config", () => {
  for (const [title, make] of hostile) {
    it.effect(`is refused in a few lines where ${title} stands for a setting, a section or all of it`, () =>
      Effect.gen(function* () {
        const value = make()
        for (const config of [
          value,
          { ...validConfig, seed: value },
          { ...validConfig, loss: value },
          { ...validConfig, encoder: { ...validConfig.encoder, layers: [value] } },
          { ...validConfig, unknown: value }
        ]) {
          const message = yield* refusal(decode(config))
          assert.isBelow(message.length, 20_000)
        }
      })
    )
  }

  it.effect("is refused where --set nests its value or its path tens of thousands of levels deep", () =>
    Effect.gen(function* () {
      const sets = {
        seed: `${"[".repeat(60_000)}${"]".repeat(60_000)}`,
        [`loss.${"a.".repeat(60_000)}b`]: "1",
        [`${"c.".repeat(30_000)}d`]: "1",
        [`${"c.".repeat(30_000)}e`]: "1"
      }
      const message = yield* refusal(applyOverrides(validConfig, [], sets))
      for (const words of ["seed = [[[[", 'loss.a = {"a":{"a"', 'c = {"c":{"c"'])
        assert.include(message, words)
      assert.isBelow(message.length, 1000)
    })
  )

  for (const key of ["__proto__", "constructor", "toString"]) {
    it.effect(`is refused where a file or --set has a key ${key}, and changes nothing else`, () =>
      Effect.gen(function* () {
        for (const text of [`{"${key}":{"polluted":1}}`, `{"loss":{"${key}":{"polluted":1}}}`]) {
          const message = yield* refusal(applyOverrides(validConfig, [JSON.parse(text)], {}))
          assert.include(message, `${key} = {"polluted":1}: is not a known key`)
        }
        for (const path of [key, `loss.${key}`, `${key}.polluted`]) {
          const message = yield* refusal(applyOverrides(validConfig, [], { [path]: "1" }))
          assert.include(message, "is not a known key")
        }
        assert.notProperty({}, "polluted")
      })
    )
  }

  it.effect("is refused where a number is not finite", () =>
    Effect.gen(function* () {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const { loss } = validConfig
        const config = { ...validConfig, seed: value, loss: { ...loss, temperature: value } }
        const message = yield* refusal(decode(config))
        assert.include(message, `seed = ${value}: must be an integer`)
        assert.include(message, `loss.temperature = ${value}: must be a finite number`)
      }
      const message = yield* refusal(applyOverrides(validConfig, [], { "loss.temperature": "1e999" }))
      assert.include(message, "loss.temperature = Infinity: must be a finite number")
    })
  )

  it.effect("is refused at once where the batch is the largest integer and not divided by its groups", () =>
    Effect.map(
      refusal(
        applyOverrides(validConfig, [], {
          "training.batchSize": String(Number.MAX_SAFE_INTEGER),
          "encoder.batchNormGroups": "4"
        })
      ),
      (message) => assert.include(message, "must be between 1 and 1048576")
    )
  )

  it.effect("is refused with 50 of its problems and the number of the others", () =>
    Effect.gen(function* () {
      const keys = Array.from({ length: 1000 }, (_, i) => [`k${i}`, 1])
      const message = yield* refusal(decode({ ...validConfig, ...Object.fromEntries(keys) }))
      assert.lengthOf(message.split("\n"), 52)
      assert.match(message, /^the config has 1000 problems:/)
      assert.match(message, /\n {2}and 950 more$/)
    })
  )

  it.effect("cannot lead a terminal by a key, nor fill it by a long one", () =>
    Effect.gen(function* () {
      const message = yield* refusal(
        decode({ ...validConfig, ["\u001b[2J\nerror: "]: 1, ["k".repeat(1e6)]: 1 })
      )
      assert.include(message, String.raw`  \u001b[2J error:  = 1: is not a known key`)
      assert.isBelow(message.length, 1000)
    })
  )
})

describe("nearest", () => {
  it("finds the beginning of a word of a million letters without comparing all of it", () => {
    assert.strictEqual(nearest(`temperature${"x".repeat(1e6)}`, ["kind", "temperature"]), "temperature")
    assert.isUndefined(nearest("x".repeat(1e6), ["kind", "temperature"]))
  })
})
