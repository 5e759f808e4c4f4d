import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import * as composed from "../../src/internal/kernels/composed.ts"
import { maxPool3x3 } from "../../src/internal/kernels/maxPool.ts"
import { addRelu, relu } from "../../src/internal/kernels/relu.ts"
import { holdsTogether, random, seed, size } from "./observe.ts"
import { onEitherOps } from "./ops.ts"

onEitherOps("relu, addRelu and maxPool3x3", (onTensorflow) => {
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
})
