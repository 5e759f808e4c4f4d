import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { valueAndGradients } from "@moco/core/Gradient"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { batchNorm } from "../src/internal/kernels/batchNorm.ts"
import * as composed from "../src/internal/kernels/composed.ts"
import { conv2d } from "../src/internal/kernels/conv2d.ts"
import { crossEntropyOfFirst } from "../src/internal/kernels/crossEntropy.ts"
import { maxPool3x3 } from "../src/internal/kernels/maxPool.ts"
import { addRelu, relu } from "../src/internal/kernels/relu.ts"

const onTensorflow = <A>(test: () => A) =>
  Effect.andThen(Backend, Effect.sync(test)).pipe(Effect.provide(Backend.layerTensorflow({ threads: 2 })))

type Named = Readonly<Record<string, tf.Tensor>>

/** Value and gradients of `sum(weights * f(inputs))`: weighted, so that every output entry counts on its own. */
const observe = (f: (inputs: Named) => tf.Tensor, inputs: Named): Record<string, Array<number>> =>
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

const random = (shape: ReadonlyArray<number>, seed: number): tf.Tensor =>
  tf.tensor(
    normals(
      shape.reduce((product, size) => product * size, 1),
      seed
    ),
    [...shape]
  )

/** float32 sums of up to a few thousand terms of size one keep about five digits, relative to the largest entry. */
const assertSame = (actual: Record<string, Array<number>>, expected: Record<string, Array<number>>) => {
  assert.sameMembers(Object.keys(actual), Object.keys(expected))
  for (const [name, values] of Object.entries(expected)) {
    const scale = 1 + values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[name]![i]!)), 0)
    assert.isAtMost(worst / scale, 2e-5, name)
  }
}

const holdsTogether = (
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

const seed = fc.nat()
const size = fc.integer({ min: 1, max: 9 })

describe("kernels", () => {
  it.effect("convolve as PyTorch does where stride 2 meets an even and an odd size", () =>
    onTensorflow(() => {
      for (const height of [4, 5]) {
        const image = Array.from({ length: height * height }, (_, i) => i + 1)
        const filter = Array.from({ length: 9 }, (_, i) => (i - 4) / 10)
        // Padding 1 on all sides, by hand: output (y, x) sees input rows 2y - 1 .. 2y + 1.
        const out = Math.floor((height - 1) / 2) + 1
        const expected: Array<number> = []
        for (let y = 0; y < out; y++) {
          for (let x = 0; x < out; x++) {
            let sum = 0
            for (let i = 0; i < 9; i++) {
              const row = 2 * y - 1 + Math.floor(i / 3)
              const column = 2 * x - 1 + (i % 3)
              const isInside = row >= 0 && row < height && column >= 0 && column < height
              if (isInside) sum += image[row * height + column]! * filter[i]!
            }
            expected.push(sum)
          }
        }
        const actual = tf.tidy(() =>
          Array.from(
            conv2d(
              tf.tensor4d(image, [1, height, height, 1]),
              tf.tensor4d(filter, [3, 3, 1, 1]),
              2
            ).dataSync()
          )
        )
        assert.strictEqual(actual.length, expected.length)
        actual.forEach((value, i) => {
          assert.closeTo(value, expected[i]!, 1e-4)
        })
      }
    })
  )

  it.effect("always convolve as the composed form does, with the same gradients", () =>
    onTensorflow(() => {
      const shape = fc.record({
        batch: fc.integer({ min: 1, max: 3 }),
        height: size,
        width: size,
        kernel: fc.constantFrom(1, 3, 7),
        stride: fc.constantFrom(1, 2),
        inputs: fc.integer({ min: 1, max: 3 }),
        outputs: fc.integer({ min: 1, max: 3 }),
        seed
      })
      fc.assert(
        fc.property(shape, ({ batch, height, inputs, kernel, outputs, seed, stride, width }) => {
          holdsTogether(
            ({ filter, x }) => conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride),
            ({ filter, x }) => composed.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride),
            () => ({
              x: random([batch, height, width, inputs], seed),
              filter: random([kernel, kernel, inputs, outputs], seed + 1)
            })
          )
        })
      )
    })
  )

  it.effect("give the filter of a convolution over data the same gradient", () =>
    onTensorflow(() => {
      tf.tidy(() => {
        const x = random([2, 6, 6, 3], 5) as tf.Tensor4D
        const filter = random([3, 3, 3, 4], 6)
        const as = (input: "data" | "activation") =>
          observe((named) => conv2d(x, named["filter"] as tf.Tensor4D, 2, input), { filter })
        assert.deepStrictEqual(as("data"), as("activation"))
      })
    })
  )

  it.effect("always normalise batches as the composed form does, in any number of groups", () =>
    onTensorflow(() => {
      const shape = fc.record({
        groups: fc.integer({ min: 1, max: 4 }),
        perGroup: fc.integer({ min: 2, max: 4 }),
        height: fc.integer({ min: 2, max: 5 }),
        channels: fc.integer({ min: 1, max: 5 }),
        seed
      })
      fc.assert(
        fc.property(shape, ({ channels, groups, height, perGroup, seed }) => {
          const results: Array<Array<number>> = []
          const through = (normalise: typeof batchNorm) => (named: Named) => {
            const [mean, variance] = [tf.fill([channels], 0.3), tf.fill([channels], 1.7)]
            const result = normalise(
              named["x"] as tf.Tensor4D,
              named["scale"] as tf.Tensor1D,
              named["offset"] as tf.Tensor1D,
              mean as tf.Tensor1D,
              variance as tf.Tensor1D,
              groups
            )
            results.push([...result.runningMean_C.dataSync(), ...result.runningVariance_C.dataSync()])
            tf.dispose([result.runningMean_C, result.runningVariance_C])
            return result.y_NHWC
          }
          holdsTogether(through(batchNorm), through(composed.batchNorm), () => ({
            x: random([groups * perGroup, height, height, channels], seed),
            scale: random([channels], seed + 1),
            offset: random([channels], seed + 2)
          }))
          assertSame({ statistics: results[0]! }, { statistics: results[1]! })
        })
      )
    })
  )

  it.effect("keep PyTorch's running statistics: momentum 0.1 and unbiased variance", () =>
    onTensorflow(() => {
      const values = tf.tidy(() => {
        const { runningMean_C, runningVariance_C } = batchNorm(
          tf.tensor4d([1, 2, 3, 6], [2, 2, 1, 1]),
          tf.ones([1]),
          tf.zeros([1]),
          tf.zeros([1]),
          tf.ones([1]),
          1
        )
        const read = [runningMean_C.dataSync()[0]!, runningVariance_C.dataSync()[0]!]
        tf.dispose([runningMean_C, runningVariance_C])
        return read
      })
      // Mean 3, unbiased variance (4 + 1 + 0 + 9) / 3.
      assert.closeTo(values[0]!, 0.1 * 3, 1e-6)
      assert.closeTo(values[1]!, 0.9 + (0.1 * 14) / 3, 1e-6)
    })
  )

  it.effect("always rectify, add and pool as tfjs does, with the same gradients", () =>
    onTensorflow(() => {
      fc.assert(
        fc.property(
          fc.record({ batch: fc.integer({ min: 1, max: 3 }), height: size, channels: size, seed }),
          (shape) => {
            const dims = [shape.batch, shape.height, shape.height, shape.channels]
            const two = () => ({ a: random(dims, shape.seed), b: random(dims, shape.seed + 1) })
            holdsTogether(
              ({ a }) => relu(a!),
              ({ a }) => tf.relu(a!),
              () => ({ a: random(dims, shape.seed) })
            )
            holdsTogether(
              ({ a, b }) => addRelu(a as tf.Tensor4D, b as tf.Tensor4D),
              ({ a, b }) => tf.relu(tf.add(a!, b!)),
              two
            )
            holdsTogether(
              ({ a }) => maxPool3x3(relu(a as tf.Tensor4D)),
              ({ a }) => composed.maxPool3x3(tf.relu(a as tf.Tensor4D)),
              () => ({ a: random(dims, shape.seed) })
            )
          }
        )
      )
    })
  )

  it.effect("always give the cross-entropy of the first column as the composed form does", () =>
    onTensorflow(() => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 6 }),
          fc.integer({ min: 1, max: 40 }),
          seed,
          (rows, columns, seed) => {
            holdsTogether(
              ({ logits }) => crossEntropyOfFirst(logits as tf.Tensor2D),
              ({ logits }) => composed.crossEntropyOfFirst(logits as tf.Tensor2D),
              () => ({ logits: tf.mul(random([rows, columns], seed), 5) })
            )
          }
        )
      )
    })
  )

  it.effect("release what the tape had saved when a forward pass fails in the middle", () =>
    onTensorflow(() => {
      const inputs = { x: random([2, 4, 4, 1], 1), filter: random([3, 3, 1, 2], 2) }
      const { numTensors } = tf.memory()
      const failing = () =>
        valueAndGradients((named) => {
          relu(conv2d(named["x"] as tf.Tensor4D, named["filter"] as tf.Tensor4D, 1))
          throw new Error("in the middle")
        }, inputs)
      assert.throws(() => tf.tidy(() => failing().value), "in the middle")
      assert.strictEqual(tf.memory().numTensors, numTensors)
      tf.dispose(inputs)
    })
  )
})
