import { assert, describe, it } from "@effect/vitest"
import { assertClose } from "@moco/core/testing"
import * as Spectrum from "@moco/evaluation/Evaluation/Spectrum"
import { Effect } from "effect"
import { drawnRows, meanOf, measuredOf, product, type Rows, unit, valuesOf } from "./rowsAsImages.ts"

const layer = Spectrum.layer({ everyEpochs: 1, numImages: 100 })

/** Of rows without labels, which it does not look at. */
const measured = (rows: Rows, spectrum = layer) =>
  measuredOf(spectrum, { train: { rows: drawnRows(3, 2), labels: [] }, test: { rows, labels: [] } })

/** Singular values of two columns, by the roots of their 2 x 2 gram matrix. */
const singularOfTwo = ([a, b]: readonly [ReadonlyArray<number>, ReadonlyArray<number>]) => {
  const [trace, determinant] = [
    product(a, a) + product(b, b),
    product(a, a) * product(b, b) - product(a, b) ** 2
  ]
  const root = Math.sqrt(trace ** 2 / 4 - determinant)
  return [Math.sqrt(trace / 2 + root), Math.sqrt(trace / 2 - root)]
}

const expEntropy = (singular: ReadonlyArray<number>, epsilon: number) => {
  const total = singular.reduce((sum, value) => sum + value, 0)
  const parts = singular.map((value) => value / total + epsilon)
  return Math.exp(-parts.reduce((sum, part) => sum + part * Math.log(part), 0))
}

const column = (rows: Rows, at: number) => rows.map((row) => row[at]!)
const centred = (values: ReadonlyArray<number>) => values.map((value) => value - meanOf(values))

/** Mean over dimensions of the deviation of unit rows, times the root of their number. */
const deviation = (rows: Rows, size: number) => {
  const units = rows.map(unit)
  const each = Array.from({ length: size }, (_, at) => {
    const values = centred(column(units, at))
    return Math.sqrt(product(values, values) / rows.length)
  })
  return meanOf(each) * Math.sqrt(size)
}

describe("Spectrum", () => {
  it.effect("is what the formulas give, in float64", () =>
    Effect.gen(function* () {
      const rows = drawnRows(30, 2).map(([x, y]) => [3 * x! + 1, y! - 0.5])
      const [x, y] = [column(rows, 0), column(rows, 1)]
      const found = yield* measured(rows)
      assertClose(
        found.map(({ value }) => value),
        [
          expEntropy(singularOfTwo([x, y]), 1e-7),
          expEntropy(singularOfTwo([centred(x), centred(y)]), 0),
          deviation(rows, 2)
        ],
        1e-5
      )
      assert.deepStrictEqual(
        found.map(({ numImages }) => numImages),
        [30, 30, 30]
      )
    })
  )

  it.effect("is the same by the rows' gram matrix where there are fewer images than dimensions", () =>
    Effect.gen(function* () {
      const rows = drawnRows(2, 7)
      const { RankMe } = valuesOf(yield* measured(rows))
      assert.closeTo(RankMe!, expEntropy(singularOfTwo([rows[0]!, rows[1]!]), 1e-7), 1e-5)
    })
  )

  it.effect("is 1, 1 and 0 for a collapsed representation", () =>
    Effect.gen(function* () {
      for (const row of [
        [0.3, -1.7, 2.1],
        [0, 0, 0]
      ]) {
        const found = yield* measured(new Array<Rows[number]>(40).fill(row))
        assertClose(
          found.map(({ value }) => value),
          [1, 1, 0],
          1e-5
        )
      }
    })
  )

  it.effect("counts the dimensions that are made equal use of", () =>
    Effect.gen(function* () {
      const axes = Array.from({ length: 32 }, (_, row) =>
        Array.from({ length: 8 }, (_, at) => Number(at === row % 4) * (row % 8 < 4 ? 1 : -1))
      )
      const { RankMe, "effective rank": effectiveRank } = valuesOf(yield* measured(axes))
      assertClose([RankMe!, effectiveRank!], [4, 4], 1e-4)
    })
  )

  it.effect("looks at the first images only, as many as it was told to", () =>
    Effect.gen(function* () {
      const rows = drawnRows(50, 3)
      const few = yield* measured(rows, Spectrum.layer({ everyEpochs: 1, numImages: 20 }))
      assert.deepStrictEqual(
        few.map(({ value }) => value),
        (yield* measured(rows.slice(0, 20))).map(({ value }) => value)
      )
    })
  )

  it.effect("looks at images of training where there are no others, and says so", () =>
    Effect.gen(function* () {
      const rows = drawnRows(30, 3)
      const alone = yield* measuredOf(layer, { train: { rows, labels: [] } })
      const evaluated = yield* measured(rows)
      assert.deepStrictEqual(
        alone,
        evaluated.map((one) => ({ ...one, protocol: one.protocol.replace("evaluated", "training") }))
      )
      for (const { protocol } of alone) assert.include(protocol, "up to 100 training images")
    })
  )
})
