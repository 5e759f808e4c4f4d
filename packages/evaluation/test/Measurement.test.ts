import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { find, isBetter, Measurement, measured, withNewer } from "@moco/evaluation/Measurement"
import { Schema } from "effect"
import fc from "fast-check"

const name = fc.string({ maxLength: 3 })
const measurement = fc.record({
  ...{ subject: name, evaluation: name, metric: name, unit: name, protocol: name },
  value: fc.double(),
  higherIsBetter: fc.constantFrom(true, false, null)
})

describe("Measurement", () => {
  it("always comes back from JSON as it was, a value that is none too", () => {
    const json = Schema.fromJsonString(Schema.toCodecJson(Measurement))
    fc.assert(
      fc.property(measurement, (before) => {
        const { value, ...rest } = Schema.decodeSync(json)(Schema.encodeSync(json)(before))
        assert.deepStrictEqual(rest, (({ value: _, ...others }) => others)(before))
        // JSON has one zero.
        assert.isTrue(Object.is(value, before.value) || value === before.value)
      })
    )
  })

  it("always gives way to a newer one of its subject and metric, and to no other", () => {
    fc.assert(
      fc.property(
        fc.array(measurement),
        fc.uniqueArray(measurement, { selector: (m) => `${m.subject}|${m.metric}` }),
        (before, now) => {
          const all = withNewer(before, now)
          for (const newer of now) assert.strictEqual(find(all, newer), newer)
          const rest = all.slice(0, all.length - now.length)
          assert.deepStrictEqual(
            rest,
            before.filter((old) => find(now, old) === undefined)
          )
        }
      )
    )
  })

  it("is better as its metric says, and never where that has no direction", () => {
    const accuracy = knnAccuracy(20)
    assert.isTrue(isBetter(accuracy, 0.6, 0.5))
    assert.isFalse(isBetter(accuracy, 0.5, 0.5))
    assert.isTrue(isBetter({ higherIsBetter: false }, 1, 2))
    assert.isFalse(isBetter({ higherIsBetter: null }, 2, 1))
    assert.deepInclude(measured(accuracy, "raw pixels", 0.5), { subject: "raw pixels", unit: "fraction" })
  })
})
