import { assert } from "@effect/vitest"
import * as CounterRandom from "@moco/core/CounterRandom"
import { valueAndGradients } from "@moco/core/Gradient"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"

export type Named = Readonly<Record<string, tf.Tensor>>

/** Value and gradients of `sum(weights * f(inputs))`: weighted, so that every output entry counts on its own. */
export const observe = (f: (inputs: Named) => tf.Tensor, inputs: Named): Observed => {
  const observed: Record<string, Float32Array> = {}
  // What a tidy returns it searches for tensors, number by number.
  tf.tidy(() => {
    const { gradients } = valueAndGradients((named) => {
      const y = f(named)
      observed["output"] = y.dataSync() as Float32Array
      const weights = tf.tensor(normals(y.size, 99), y.shape)
      return tf.sum(tf.mul(y, weights)) as tf.Scalar
    }, inputs)
    for (const [name, gradient] of Object.entries(gradients))
      observed[name] = gradient.dataSync() as Float32Array
  })
  return observed
}

/** Values by name. */
export type Observed = Readonly<Record<string, ArrayLike<number>>>

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
export const assertSame = (actual: Observed, expected: Observed, tolerance = 2e-5) => {
  assert.sameMembers(Object.keys(actual), Object.keys(expected))
  for (const [name, values] of Object.entries(expected)) {
    assert.strictEqual(actual[name]!.length, values.length, name)
    let [largest, worst] = [0, 0]
    for (let i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i]!))
      worst = Math.max(worst, Math.abs(values[i]! - actual[name]![i]!))
    }
    assert.isAtMost(worst / (1 + largest), tolerance, name)
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
