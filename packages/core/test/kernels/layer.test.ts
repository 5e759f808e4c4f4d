import { assert, it } from "@effect/vitest"
import { valueAndGradients } from "@moco/core/Gradient"
import * as tf from "@tensorflow/tfjs-core"
import { batchNorm } from "../../src/internal/kernels/batchNorm.ts"
import { conv2d } from "../../src/internal/kernels/conv2d.ts"
import { relu } from "../../src/internal/kernels/relu.ts"
import { type Named, observe, random } from "./observe.ts"
import { onEitherOps } from "./ops.ts"

onEitherOps("a layer of kernels", (onTensorflow) => {
  it.effect("always gives the same bits again", () =>
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

  it.effect("releases what the tape had saved when a forward pass fails in the middle", () =>
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
