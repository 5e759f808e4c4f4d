import { assert, describe, it } from "@effect/vitest"
import * as CounterRandom from "@moco/core/CounterRandom"
import { assertClose } from "@moco/core/testing"
import { symmetricEigenvalues } from "@moco/evaluation/symmetricEigenvalues"
import fc from "fast-check"
import { EigenvalueDecomposition, Matrix } from "ml-matrix"

/** `X' X` of random X with `rank` rows. */
const gramOf = (size: number, rank: number, seed: number): Float64Array => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.synthetic)
  const x = Array.from({ length: rank }, () => [...CounterRandom.normals(random, size)])
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size]
    return x.reduce((sum, row) => sum + row[i]! * row[j]!, 0)
  })
}

describe("The eigenvalues of a symmetric matrix", () => {
  it("are those of matrices that are known by hand", () => {
    assertClose(symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2), [3, 1], 1e-15)
    assertClose(symmetricEigenvalues(Float64Array.of(1, 0, 0, 0, -5, 0, 0, 0, 3), 3), [3, 1, -5], 1e-15)
    // All ones: 4 along the diagonal, and nothing else.
    assertClose(symmetricEigenvalues(new Float64Array(16).fill(1), 4), [4, 0, 0, 0], 1e-14)
    assert.deepStrictEqual([...symmetricEigenvalues(Float64Array.of(7), 1)], [7])
    assert.deepStrictEqual([...symmetricEigenvalues(new Float64Array(9), 3)], [0, 0, 0])
  })

  it("always are those of ml-matrix, of full rank or less, and in falling order", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 1, max: 24 }),
        fc.nat(),
        (size, rank, seed) => {
          const gram = gramOf(size, rank, seed)
          const before = gram.slice()
          const found = symmetricEigenvalues(gram, size)
          const { realEigenvalues } = new EigenvalueDecomposition(Matrix.from1DArray(size, size, [...gram]), {
            assumeSymmetric: true
          })
          const expected = realEigenvalues.toSorted((a, b) => b - a)
          assertClose(
            found.map((value) => value / expected[0]!),
            expected.map((value) => value / expected[0]!),
            1e-12
          )
          assert.deepStrictEqual(
            [...found],
            [...found].toSorted((a, b) => b - a)
          )
          assert.deepStrictEqual(gram, before)
        }
      )
    )
  })
})
