import { assert } from "@effect/vitest"
import * as CounterRandom from "@moco/core/CounterRandom"
import { valueAndGradients } from "@moco/core/Gradient"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"

export type Named = Readonly<Record<string, tf.Tensor>>

/** Value and gradients of `sum(weights * f(inputs))`: weighted, so that every output entry counts on its own. */
export const observe = (f: (inputs: Named) => tf.Tensor, inputs: Named): Record<string, Array<number>> =>
  tf.tidy(() => {
    let output: Array<number> = []
    const { gradients } = valueAndGradients((named) => {
      const y = f(named)
      output = Array.from(y.dataSync())
      const weights = tf.tensor(normals(y.size, 99), y.shape)
      return tf.sum(tf.mul(y, weights)) as tf.Scalar
    }, inputs)
    return {
      output,
      ...Object.fromEntries(
        Object.entries(gradients).map(([name, gradient]) => [name, Array.from(gradient.dataSync())])
      )
    }
  })

const normals = (size: number, seed: number) =>
  CounterRandom.normals(CounterRandom.make(seed, CounterRandom.Purpose.synthetic), size)

export const random = (shape: ReadonlyArray<number>, seed: number): tf.Tensor =>
  tf.tensor(
    normals(
      shape.reduce((product, size) => product * size, 1),
      seed
    ),
    [...shape]
  )

/** float32 sums of up to a few thousand terms of size one keep about five digits, relative to the largest entry. */
export const assertSame = (
  actual: Record<string, Array<number>>,
  expected: Record<string, Array<number>>,
  tolerance = 2e-5
) => {
  assert.sameMembers(Object.keys(actual), Object.keys(expected))
  for (const [name, values] of Object.entries(expected)) {
    const scale = 1 + values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[name]![i]!)), 0)
    assert.isAtMost(worst / scale, tolerance, name)
  }
}

/** That two forms of a function have the same value and gradients, and leave no tensor behind. */
export const holdsTogether = (
  fused: (inputs: Named) => tf.Tensor,
  reference: (inputs: Named) => tf.Tensor,
  make: () => Named
) => {
  const { numTensors } = tf.memory()
  tf.tidy(() => {
    const inputs = make()
    assertSame(observe(fused, inputs), observe(reference, inputs))
  })
  assert.strictEqual(tf.memory().numTensors, numTensors)
}

export const seed = fc.nat()
export const size = fc.integer({ min: 1, max: 9 })
/** With and without what fills the vectors of the project's own ops. */
export const channels = fc.constantFrom(1, 3, 16, 32)
