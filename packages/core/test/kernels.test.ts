import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { valueAndGradients } from "@moco/core/Gradient"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { infoNce } from "../src/internal/infoNce.ts"
import { batchNorm } from "../src/internal/kernels/batchNorm.ts"
import type { BatchNormResult } from "../src/internal/kernels/batchNormTerms.ts"
import * as composed from "../src/internal/kernels/composed.ts"
import { conv2d } from "../src/internal/kernels/conv2d.ts"
import { crossEntropyOfFirst } from "../src/internal/kernels/crossEntropy.ts"
import { maxPool3x3 } from "../src/internal/kernels/maxPool.ts"
import { nativeOps, withoutNativeOps } from "../src/internal/kernels/nativeOps.ts"
import { addRelu, relu } from "../src/internal/kernels/relu.ts"

const tensorflow = Backend.layerTensorflow({ threads: 2 })

/** Which ops the fast paths are made of. */
const paths = {
  "the project's own ops": (test: () => void) => {
    assert.isDefined(nativeOps(), "tools:libtensorflow has built them")
    test()
  },
  "TensorFlow's ops": withoutNativeOps
}

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
const assertSame = (
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
/** With and without what fills the vectors of the project's own ops. */
const channels = fc.constantFrom(1, 3, 16, 32)

describe("the project's own ops", () => {
  it.effect("refuse inputs of the wrong sizes, in words", () =>
    Effect.andThen(
      Backend,
      Effect.sync(() => {
        const x = tf.ones([2, 4, 4, 16]) as tf.Tensor4D
        const ones = tf.ones([16]) as tf.Tensor1D
        const weights = { scale_C: ones, offset_C: ones, runningMean_C: ones, runningVariance_C: ones }
        const short = { ...weights, runningMean_C: tf.ones([3]) as tf.Tensor1D }
        assert.throws(() => batchNorm(x, short, 1), "another size")
        const shortcut = tf.ones([1, 1, 1, 16]) as tf.Tensor4D
        assert.throws(() => batchNorm(x, weights, 1, { addRelu: shortcut }), "another size")
        assert.throws(() => batchNorm(x, weights, 3), "must divide the batch")
        tf.dispose([x, ones, short.runningMean_C, shortcut])
      })
    ).pipe(Effect.provide(tensorflow))
  )
})

for (const [ops, on] of Object.entries(paths)) describe(`kernels by ${ops}`, () => kernelLaws(on))

const kernelLaws = (on: (test: () => void) => void) => {
  const onTensorflow = (test: () => void) =>
    Effect.andThen(
      Backend,
      Effect.sync(() => on(test))
    ).pipe(Effect.provide(tensorflow))

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
        inputs: channels,
        outputs: channels,
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

  it.effect("convolve the smallest images with a stride", () =>
    onTensorflow(() => {
      for (const [height, width] of [
        [1, 1],
        [1, 2],
        [3, 1]
      ] as const) {
        for (const kernel of [1, 3]) {
          holdsTogether(
            ({ filter, x }) => conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2),
            ({ filter, x }) => composed.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2),
            () => ({ x: random([2, height, width, 16], 1), filter: random([kernel, kernel, 16, 16], 2) })
          )
        }
      }
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
        channels,
        activation: fc.constantFrom("none" as const, "relu" as const, "addRelu" as const),
        seed
      })
      fc.assert(
        fc.property(shape, ({ activation, channels, groups, height, perGroup, seed }) => {
          const results: Array<Array<number>> = []
          const weightsOf = ({ offset, scale }: Named) => ({
            scale_C: scale as tf.Tensor1D,
            offset_C: offset as tf.Tensor1D,
            runningMean_C: tf.fill([channels], 0.3) as tf.Tensor1D,
            runningVariance_C: tf.fill([channels], 1.7) as tf.Tensor1D
          })
          const noting = ({ runningMean_C, runningVariance_C, y_NHWC }: BatchNormResult) => {
            results.push([...runningMean_C.dataSync(), ...runningVariance_C.dataSync()])
            tf.dispose([runningMean_C, runningVariance_C])
            return y_NHWC
          }
          const fused = (named: Named) => {
            const shortcut = named["shortcut"] as tf.Tensor4D
            const behind = activation === "addRelu" ? { addRelu: shortcut } : activation
            const y = noting(batchNorm(named["x"] as tf.Tensor4D, weightsOf(named), groups, behind))
            // Every input has a gradient, also where nothing is added.
            return activation === "addRelu" ? y : tf.add(y, shortcut)
          }
          const beforeRelu = (named: Named) => {
            const y = noting(composed.batchNorm(named["x"] as tf.Tensor4D, weightsOf(named), groups))
            return activation === "addRelu" ? tf.add(y, named["shortcut"]!) : y
          }
          const reference = (named: Named) => {
            const y = beforeRelu(named)
            if (activation === "addRelu") return tf.relu(y)
            return tf.add(activation === "relu" ? tf.relu(y) : y, named["shortcut"]!)
          }
          const shape = [groups * perGroup, height, height, channels]
          const make = () => ({
            // Off zero, so that the mean matters.
            x: tf.add(random(shape, seed), 3),
            scale: random([channels], seed + 1),
            offset: random([channels], seed + 2),
            shortcut: random(shape, seed + 3)
          })
          // What rounding alone brings over ReLU's edge has another gradient.
          const edge = tf.tidy(() => tf.min(tf.abs(beforeRelu(make()))).dataSync()[0]!)
          fc.pre(activation === "none" || edge > 1e-5)
          results.length = 0
          holdsTogether(fused, reference, make)
          assertSame({ statistics: results[0]! }, { statistics: results[1]! })
        })
      )
    })
  )

  it.effect("let what is not a number through, whatever is behind", () =>
    onTensorflow(() =>
      tf.tidy(() => {
        const x = tf.concat([tf.fill([1, 1, 1, 16], Number.NaN), tf.ones([3, 1, 1, 16])]) as tf.Tensor4D
        const ones = tf.ones([16]) as tf.Tensor1D
        const weights = { scale_C: ones, offset_C: ones, runningMean_C: ones, runningVariance_C: ones }
        for (const activation of ["none", "relu", { addRelu: tf.onesLike(x) }] as const) {
          const { runningMean_C, runningVariance_C, y_NHWC } = batchNorm(x, weights, 1, activation)
          for (const tensor of [y_NHWC, runningMean_C, runningVariance_C]) {
            assert.isTrue(tensor.dataSync().every(Number.isNaN))
          }
          tf.dispose([runningMean_C, runningVariance_C])
        }
      })
    )
  )

  it.effect("normalise more rows than one thread takes at once, and compare with more keys", () =>
    onTensorflow(() => {
      const weights = ({ offset, scale }: Named) => ({
        scale_C: scale as tf.Tensor1D,
        offset_C: offset as tf.Tensor1D,
        runningMean_C: tf.zeros([32]) as tf.Tensor1D,
        runningVariance_C: tf.ones([32]) as tf.Tensor1D
      })
      const through = (normalise: (x: tf.Tensor4D, named: Named) => BatchNormResult) => (named: Named) => {
        const { runningMean_C, runningVariance_C, y_NHWC } = normalise(named["x"] as tf.Tensor4D, named)
        tf.dispose([runningMean_C, runningVariance_C])
        return y_NHWC
      }
      holdsTogether(
        through((x, named) => batchNorm(x, weights(named), 3)),
        through((x, named) => composed.batchNorm(x, weights(named), 3)),
        () => ({
          x: tf.add(random([6, 26, 25, 32], 1), 3),
          scale: random([32], 2),
          offset: random([32], 3)
        })
      )
      holdsTogether(
        ({ negative, positive }) => infoNce(positive as tf.Tensor2D, negative as tf.Tensor2D, 0.2),
        ({ negative, positive }) =>
          composed.crossEntropyOfFirst(tf.div(tf.concat([positive!, negative!], 1), 0.2) as tf.Tensor2D),
        () => ({ positive: tf.tanh(random([3, 1], 1)), negative: tf.tanh(random([3, 3005], 2)) })
      )
    })
  )

  it.effect("keep PyTorch's running statistics: momentum 0.1 and unbiased variance", () =>
    onTensorflow(() => {
      const values = tf.tidy(() => {
        const { runningMean_C, runningVariance_C } = batchNorm(
          tf.tile(tf.tensor4d([1, 2, 3, 6], [2, 2, 1, 1]), [1, 1, 1, 16]),
          {
            scale_C: tf.ones([16]),
            offset_C: tf.zeros([16]),
            runningMean_C: tf.zeros([16]),
            runningVariance_C: tf.ones([16])
          },
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

  it.effect("always give InfoNCE as the composed form does, with the same gradients", () =>
    onTensorflow(() => {
      const shape = fc.record({
        queries: fc.integer({ min: 1, max: 5 }),
        negatives: fc.integer({ min: 1, max: 70 }),
        temperature: fc.constantFrom(0.07, 0.2, 1),
        seed
      })
      fc.assert(
        fc.property(shape, ({ negatives, queries, seed, temperature }) => {
          holdsTogether(
            ({ negative, positive }) =>
              infoNce(positive as tf.Tensor2D, negative as tf.Tensor2D, temperature),
            ({ negative, positive }) =>
              composed.crossEntropyOfFirst(
                tf.div(tf.concat([positive!, negative!], 1), temperature) as tf.Tensor2D
              ),
            () => ({
              positive: tf.tanh(random([queries, 1], seed)),
              negative: tf.tanh(random([queries, negatives], seed + 1))
            })
          )
        })
      )
    })
  )

  it.effect("always give the same bits again", () =>
    onTensorflow(() =>
      tf.tidy(() => {
        const inputs = {
          x: random([6, 9, 9, 32], 1),
          filter: random([3, 3, 32, 32], 2),
          narrow: random([3, 3, 32, 16], 3),
          scale: random([32], 4),
          offset: random([32], 5)
        }
        const layer = ({ filter, narrow, offset, scale, x }: Named) => {
          const weights = {
            scale_C: scale as tf.Tensor1D,
            offset_C: offset as tf.Tensor1D,
            runningMean_C: tf.zeros([32]) as tf.Tensor1D,
            runningVariance_C: tf.ones([32]) as tf.Tensor1D
          }
          const y = conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1)
          const { runningMean_C, runningVariance_C, y_NHWC } = batchNorm(y, weights, 2, {
            addRelu: x as tf.Tensor4D
          })
          tf.dispose([runningMean_C, runningVariance_C])
          return conv2d(y_NHWC, narrow as tf.Tensor4D, 2)
        }
        const first = observe(layer, inputs)
        for (let time = 0; time < 20; time++) assert.deepStrictEqual(observe(layer, inputs), first)
      })
    )
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
}

it.effect("kernels convolve many channels as TensorFlow does, of which the filters come in stretches", () =>
  Effect.andThen(
    Backend,
    Effect.sync(() => {
      assert.isDefined(nativeOps(), "tools:libtensorflow has built them")
      const convolution = ({ filter, x }: Named) => conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1)
      // The second has more tiles than are kept from one stretch to the next.
      for (const height of [7, 72]) {
        tf.tidy(() => {
          const inputs = { x: random([1, height, height, 288], 1), filter: random([3, 3, 288, 160], 2) }
          const expected = withoutNativeOps(() => observe(convolution, inputs))
          assertSame(observe(convolution, inputs), expected, 1e-4)
        })
      }
    })
  ).pipe(Effect.provide(tensorflow))
)
