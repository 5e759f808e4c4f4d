import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { voteOfNeighbours } from "../../src/voteOfNeighbours.ts"

interface Neighbourhood {
  readonly similarities: ReadonlyArray<number>
  readonly labels: ReadonlyArray<number>
}

const voteOf = ({ labels, similarities }: Neighbourhood, temperature: number, numClasses = 10) =>
  voteOfNeighbours(
    Int32Array.from(similarities.keys()),
    Float32Array.from(similarities),
    Uint8Array.from(labels),
    temperature,
    numClasses
  )

/** ln of a class's votes in float64, written down as it is defined but for the largest exponent. */
const logVotes = ({ labels, similarities }: Neighbourhood, temperature: number, label: number): number => {
  const exponents = similarities.flatMap((similarity, i) =>
    labels[i] === label ? [Math.fround(similarity) / temperature] : []
  )
  const largest = Math.max(...exponents)
  return largest + Math.log(exponents.reduce((sum, exponent) => sum + Math.exp(exponent - largest), 0))
}

const neighbourhoods: fc.Arbitrary<Neighbourhood> = fc
  .array(fc.tuple(fc.float({ min: -1, max: 1, noNaN: true }), fc.integer({ min: 0, max: 9 })), {
    minLength: 1,
    maxLength: 50
  })
  .map((pairs) => ({ similarities: pairs.map(([s]) => s), labels: pairs.map(([, label]) => label) }))

const temperatures = fc.double({ min: -300, max: 300, noNaN: true }).map((exponent) => 10 ** exponent)

/** Neighbours whose nearest is of class 3, as far away as the nearest may be. */
const opposite: Neighbourhood = { similarities: [-0.5, -0.9, -1], labels: [3, 1, 1] }

describe("The votes of neighbours", () => {
  it("always name a class that float64 gives the most votes, at every temperature", () => {
    fc.assert(
      fc.property(neighbourhoods, temperatures, (neighbourhood, temperature) => {
        const classes = [...new Set(neighbourhood.labels)]
        const most = Math.max(...classes.map((label) => logVotes(neighbourhood, temperature, label)))
        const winner = voteOf(neighbourhood, temperature)
        assert.include(classes, winner)
        const rounding = 1e-12 * Math.max(1, Math.abs(most))
        assert.isAtLeast(logVotes(neighbourhood, temperature, winner), most - rounding)
      })
    )
  })

  it("never depend on the order of the neighbours, but for rounding at a tie", () => {
    fc.assert(
      fc.property(neighbourhoods, temperatures, ({ labels, similarities }, temperature) => {
        const backwards = { similarities: similarities.toReversed(), labels: labels.toReversed() }
        const [one, other] = [
          voteOf({ labels, similarities }, temperature),
          voteOf(backwards, temperature)
        ].map((winner) => logVotes({ labels, similarities }, temperature, winner))
        assert.closeTo(one!, other!, 1e-12 * Math.max(1, Math.abs(one!)))
      })
    )
  })

  for (const temperature of [5e-324, 1e-300, 1e-9, 0.001, 1 / 709, 1 / 710]) {
    it(`is the nearest neighbour's at temperature ${temperature}, above 0 and below`, () => {
      assert.strictEqual(voteOf({ similarities: [1, 0.8, 0.8], labels: [3, 1, 1] }, temperature), 3)
      assert.strictEqual(voteOf({ similarities: [0.8, 0.8, 1], labels: [1, 1, 3] }, temperature), 3)
      assert.strictEqual(voteOf(opposite, temperature), 3)
    })
  }

  for (const temperature of [1e9, 1e300, Number.MAX_VALUE]) {
    it(`is the majority's at temperature ${temperature}`, () => {
      assert.strictEqual(voteOf({ similarities: [1, 0.1, -1], labels: [3, 5, 5] }, temperature), 5)
      assert.strictEqual(voteOf({ ...opposite, labels: [3, 5, 5] }, temperature), 5)
    })
  }

  it("is the only neighbour's where there is one, however far it is", () => {
    for (const similarity of [-1, -1e-30, 0, 1e-30, 1]) {
      for (const temperature of [1e-300, 0.1, 1e300]) {
        assert.strictEqual(voteOf({ similarities: [similarity], labels: [7] }, temperature), 7)
      }
    }
  })

  it("of two classes with equal votes is the lower one's", () => {
    for (const temperature of [1e-300, 0.1, 1e300]) {
      assert.strictEqual(voteOf({ similarities: [0.5, 0.5], labels: [6, 2] }, temperature), 2)
    }
  })

  it("is refused where a similarity is no number, instead of falling to the lowest class", () => {
    for (const similarity of [Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => voteOf({ similarities: [0.5, similarity], labels: [6, 2] }, 0.1), /not finite/)
    }
    assert.throws(() => voteOf({ similarities: [], labels: [] }, 0.1), RangeError)
  })
})
