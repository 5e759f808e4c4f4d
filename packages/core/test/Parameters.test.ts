import { assert, it } from "@effect/vitest"
import { ema, euclideanDistance, euclideanNorm, sgdStep } from "@moco/core/Parameters"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { onEitherOps } from "./kernels/ops.ts"

const entry = fc.double({ min: -10, max: 10, noNaN: true })
/** A few tensors of any sizes: of three kinds of values, as the functions take them. */
const triples = fc.array(fc.array(fc.tuple(entry, entry, entry), { minLength: 1, maxLength: 40 }), {
  minLength: 1,
  maxLength: 4
})
type Triples = ReadonlyArray<ReadonlyArray<readonly [number, number, number]>>

const named = (values: Triples, kind: 0 | 1 | 2): Record<string, tf.Tensor> =>
  Object.fromEntries(values.map((tensor, i) => [`p${i}`, tf.tensor1d(tensor.map((triple) => triple[kind]))]))

const numbersIn = (tensors: Readonly<Record<string, tf.Tensor>>) =>
  Object.values(tensors).flatMap((tensor) => Array.from(tensor.dataSync()))

const assertClose = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>) => {
  assert.strictEqual(actual.length, expected.length)
  // float32 keeps seven digits of the largest number on the way.
  actual.forEach((value, i) => {
    assert.closeTo(value, expected[i]!, 2e-5)
  })
}

onEitherOps("Parameters", (onTensorflow) => {
  const always = (law: (values: Triples) => void) =>
    onTensorflow(() =>
      fc.assert(
        fc.property(triples, (values) => {
          const { numTensors } = tf.memory()
          tf.tidy(() => law(values))
          assert.strictEqual(tf.memory().numTensors, numTensors)
        })
      )
    )

  it.effect("always take SGD's step for each of them", () =>
    always((values) => {
      const settings = { learningRate: 0.3, momentum: 0.9, weightDecay: 0.01 }
      const next = sgdStep(named(values, 0), named(values, 1), named(values, 2), settings)
      const moments = values.flat().map(([p, g, v]) => 0.9 * v + g + 0.01 * p)
      assertClose(numbersIn(next.moments), moments)
      assertClose(
        numbersIn(next.parameters),
        values.flat().map(([p], i) => p - 0.3 * moments[i]!)
      )
    })
  )

  it.effect("have the norm of more values than one thread takes at once, however large", () =>
    always(() => {
      const tensors = { many: tf.fill([40_001], 2), one: tf.scalar(3) }
      assert.closeTo(euclideanNorm(tensors).dataSync()[0]!, Math.sqrt(4 * 40_001 + 9), 1e-3)
    })
  )

  it.effect("always move each key parameter towards its query parameter", () =>
    always((values) => {
      const expected = values.flat().map(([key, query]) => 0.999 * key + 0.001 * query)
      assertClose(numbersIn(ema(named(values, 0), named(values, 1), 0.999)), expected)
    })
  )

  it.effect("always have the Euclidean norm and distance of all of them together", () =>
    always((values) => {
      const norm = Math.hypot(...values.flat().map(([a]) => a))
      const distance = Math.hypot(...values.flat().map(([a, b]) => a - b))
      const read = (tensor: tf.Scalar, expected: number) =>
        assert.closeTo(tensor.dataSync()[0]!, expected, 1e-5 * (1 + expected))
      read(euclideanNorm(named(values, 0)), norm)
      read(euclideanDistance(named(values, 0), named(values, 1)), distance)
    })
  )
})
