import { assert, it } from "@effect/vitest"
import { valueAndGradients } from "@moco/core/Gradient"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { batchNorm } from "../../src/internal/kernels/batchNorm.ts"
import type { BatchNormResult, BatchNormWeights } from "../../src/internal/kernels/batchNormTerms.ts"
import * as composed from "../../src/internal/kernels/composed.ts"
import { assertSame, channels, holdsTogether, type Named, random, seed } from "./observe.ts"
import { onEitherOps, onNativeOps } from "./ops.ts"

const weightsOf = ({ offset, scale }: Named): BatchNormWeights => ({
  scale_C: scale as tf.Tensor1D,
  offset_C: offset as tf.Tensor1D,
  runningMean_C: tf.fill([scale!.size], 0.3) as tf.Tensor1D,
  runningVariance_C: tf.fill([scale!.size], 1.7) as tf.Tensor1D
})

/** The output alone; the statistics are kept for a lease, and there is none. */
const yOf = ({ runningMean_C, runningVariance_C, y_NHWC }: BatchNormResult): tf.Tensor4D => {
  tf.dispose([runningMean_C, runningVariance_C])
  return y_NHWC
}

onEitherOps("batchNorm", (onTensorflow) => {
  it.effect("always equals the composed form, in any number of groups", () =>
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
          const noting = (result: BatchNormResult) => {
            results.push([...result.runningMean_C.dataSync(), ...result.runningVariance_C.dataSync()])
            return yOf(result)
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

  it.effect("lets what is not a number through, whatever is behind", () =>
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

  it.effect("takes more rows than one thread takes at once", () =>
    onTensorflow(() => {
      holdsTogether(
        (named) => yOf(batchNorm(named["x"] as tf.Tensor4D, weightsOf(named), 3)),
        (named) => yOf(composed.batchNorm(named["x"] as tf.Tensor4D, weightsOf(named), 3)),
        () => ({ x: tf.add(random([6, 26, 25, 32], 1), 3), scale: random([32], 2), offset: random([32], 3) })
      )
    })
  )

  for (const activation of ["none", "relu", "addRelu"] as const) {
    it.effect(
      `does not change where results are larger than the caches, and written past them (${activation})`,
      () =>
        onTensorflow(() =>
          tf.tidy(() => {
            const images = {
              x: tf.add(random([14, 26, 50, 32], 1), 3),
              shortcut: random([14, 26, 50, 32], 4)
            }
            const weights = { scale: random([32], 2), offset: random([32], 3) }
            const norm = (groups: number) => (named: Named) => {
              const addRelu = named["shortcut"] as tf.Tensor4D
              const behind = activation === "addRelu" ? { addRelu } : activation
              const y = yOf(batchNorm(named["x"] as tf.Tensor4D, weightsOf(named), groups, behind))
              return tf.sum(tf.mul(tf.square(y), tf.add(y, 1))) as tf.Scalar
            }
            // Each of two groups has the same images, so what comes out is the small result twice.
            const twice = (tensor: tf.Tensor) => tf.concat([tensor, tensor], 0)
            const small = valueAndGradients(norm(1), { ...images, ...weights })
            const large = valueAndGradients(norm(2), {
              x: twice(images.x),
              shortcut: twice(images.shortcut),
              ...weights
            })
            for (const name of activation === "addRelu" ? ["x", "shortcut"] : ["x"]) {
              const expected = twice(small.gradients[name]!)
              const distance = tf.max(tf.abs(tf.sub(large.gradients[name]!, expected)))
              assert.isAtMost(distance.dataSync()[0]!, 1e-4)
              assert.isAbove(tf.max(tf.abs(expected)).dataSync()[0]!, 1)
            }
            assert.closeTo(large.value.dataSync()[0]! / small.value.dataSync()[0]!, 2, 1e-5)
          })
        )
    )
  }

  it.effect("keeps PyTorch's running statistics: momentum 0.1 and unbiased variance", () =>
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
})

it.effect("batchNorm refuses inputs of the wrong sizes, in words", () =>
  onNativeOps(() => {
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
)
