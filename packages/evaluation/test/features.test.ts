import { assert, describe, it, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { alignment, alignments, uniformity } from "@moco/evaluation/alignmentUniformity"
import {
  addRows,
  effectiveRank,
  emptyGram,
  featureDeviation,
  rankMe,
  singularValues
} from "@moco/evaluation/spectrum"
import { unitRows } from "@moco/evaluation/unitRows"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { farthest, oracles } from "./oracles.ts"

const gramOf = (values: Float32Array, size: number) => {
  const gram = emptyGram(size)
  addRows(gram, values)
  return gram
}

const normals = (seed: number, count: number) =>
  CounterRandom.normals(CounterRandom.make(seed, CounterRandom.Purpose.synthetic), count)

describe("alignment and uniformity", () => {
  layer(Backend.layerTensorflow({ threads: 1 }))((it) => {
    it.effect("are those of numpy's formulas in float64, and leave no tensor", () =>
      Effect.sync(() => {
        const { sphere } = oracles
        tf.tidy(() => {
          const [x, y] = [tf.tensor2d([...sphere.x]), tf.tensor2d([...sphere.y])]
          const before = tf.memory().numTensors
          assert.closeTo(alignment(x, y), sphere.alignment, 1e-6)
          assert.closeTo(alignment(x, y, 1), sphere.alignment1, 1e-6)
          assert.closeTo(uniformity(x), sphere.uniformity, 1e-6)
          assert.strictEqual(alignments(x, y).length, 30)
          assert.strictEqual(tf.memory().numTensors, before)
        })
      })
    )

    it.effect("of more rows than a block are those of the pairs one by one", () =>
      Effect.sync(() => {
        const unit = tf.tidy(() => unitRows(tf.tensor2d(normals(1, 2 * 2500), [2500, 2])))
        const angle = unit.dataSync<"float32">()
        let sum = 0
        for (let i = 0; i < 2500; i++) {
          for (let j = 0; j < i; j++) {
            const cosine = angle[2 * i]! * angle[2 * j]! + angle[2 * i + 1]! * angle[2 * j + 1]!
            sum += Math.exp(4 * (cosine - 1))
          }
        }
        assert.closeTo(uniformity(unit), Math.log(sum / ((2500 * 2499) / 2)), 1e-6)
        unit.dispose()
      })
    )
  })
})

describe("a spectrum of features", () => {
  const { spectrum } = oracles
  const singular = singularValues(gramOf(Float32Array.from(spectrum.x.flat()), 7))

  it("has numpy's singular values, RankMe and effective rank", () => {
    assert.isBelow(farthest(singular, spectrum.singular), 1e-9)
    assert.closeTo(rankMe(singular), spectrum.rankMe, 1e-9)
    assert.closeTo(effectiveRank(singular), spectrum.effectiveRank, 1e-9)
  })

  it("has the rank of what is spread evenly in r directions, whatever it is stretched by", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        (r, scale) => {
          const rows = Float32Array.from({ length: r * 8 }, (_, at) =>
            at % 8 === Math.floor(at / 8) ? scale : 0
          )
          // A direction that is not used has the root of an eigenvalue's last bit, 1e-8 of the largest.
          assert.closeTo(effectiveRank(singularValues(gramOf(rows, 8))), r, 1e-5)
        }
      )
    )
  })

  it("is that of the rows alone, whatever parts they come in", () => {
    fc.assert(
      fc.property(fc.nat(13), fc.nat(), (first, seed) => {
        const rows = normals(seed, 13 * 3)
        const gram = gramOf(rows.subarray(0, first * 3), 3)
        addRows(gram, rows.subarray(first * 3))
        assert.isBelow(farthest(gram.product_CC, gramOf(rows, 3).product_CC), 1e-9)
      })
    )
  })

  it("has numpy's deviation: 0 of one direction, 1 / sqrt(C) of all", () => {
    assert.closeTo(
      featureDeviation(Float32Array.from(oracles.sphere.x.flat()), 6),
      oracles.sphere.deviation,
      1e-6
    )
    assert.strictEqual(featureDeviation(Float32Array.of(0, 1, 0, 1), 2), 0)
    const axes = Float32Array.of(1, 0, -1, 0, 0, 1, 0, -1)
    assert.closeTo(featureDeviation(axes, 2), Math.SQRT1_2, 1e-7)
  })
})
