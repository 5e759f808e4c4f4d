import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as Tensor from "@moco/core/Tensor"
import { Diagnostics } from "@moco/train/Diagnostics"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { backends, tinyRun } from "./tinyRun.ts"

const run = Layer.provideMerge(tinyRun({ queueSize: 20 }), Backend.layerTensorflow({ threads: 2 }))

/** Two directions of a step that can be worked out by hand. */
const observed = () => {
  const column = (...values: Array<number>) => tf.tensor2d(values, [values.length, 1])
  return {
    step: 3,
    rate: 0.05,
    value: tf.scalar(2.5),
    closest: [
      // Closer to its key, further, and as close: a tie is not found.
      { positive_N1: column(0.9, 0.1, 0.5, 0.3), closest_N1: column(0.5, 0.2, 0.5, 0.4) },
      { positive_N1: column(0.9, 0.8, -0.5, 0.3), closest_N1: column(0.5, 0.2, -0.6, 0.4) }
    ],
    // Of two numbers each, deviations 0 and 1, and 2 and 3.
    queries_ND: [
      tf.tensor2d([
        [5, 1],
        [5, -1],
        [5, 1],
        [5, -1]
      ]),
      tf.tensor2d([
        [2, 3],
        [-2, -3],
        [2, 3],
        [-2, -3]
      ])
    ],
    gradients: { first: tf.tensor1d([2, -1]), second: tf.tensor2d([[2], [4]]) },
    parameters: {},
    statistics: {}
  }
}

describe("Diagnostics", () => {
  it.effect("tells the step's numbers, each the mean over directions", () =>
    Effect.gen(function* () {
      const { measure } = yield* Diagnostics
      const made = yield* Effect.sync(observed)
      const { metrics, numImages, step } = yield* measure(made)
      yield* Effect.sync(() => {
        const { closest, gradients, queries_ND, value } = made
        tf.dispose([value, ...queries_ND, ...closest.flatMap((of) => Object.values(of))])
        tf.dispose(Object.values(gradients))
      })
      // One of four queries, and three of four.
      assert.closeTo(metrics.pretextAccuracy!, 0.5, 1e-6)
      assert.closeTo(metrics.featureStd, 1.5, 1e-5)
      assert.closeTo(metrics.gradientNorm, 5, 1e-5)
      assert.closeTo(metrics.loss, 2.5, 1e-6)
      assert.closeTo(metrics.chanceLoss!, 2 * Math.log(21), 1e-6)
      assert.deepInclude(metrics, { learningRate: 0.05, dictionaryFill: 0 })
      assert.deepStrictEqual([numImages, step], [4, 3])
    }).pipe(Effect.provide(run))
  )

  for (const { layer, name } of backends)
    for (const size of [3e19, 3e38])
      it.effect(`tells the norm of finite gradients as large as ${size}, on ${name}`, () =>
        Effect.gen(function* () {
          const { measure } = yield* Diagnostics
          const gradients = yield* Tensor.scoped("test", () => ({
            w: tf.tensor1d([size, 0, -size]),
            b: tf.scalar(size)
          }))
          const made = yield* Tensor.scoped("test", () => ({ ...observed() }))
          const { metrics } = yield* measure({ ...made, gradients })
          assert.closeTo(metrics.gradientNorm / size, Math.sqrt(3), 1e-6)
          yield* Effect.sync(() => tf.dispose(Object.values(made.gradients)))
        }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(tinyRun({ queueSize: 20 }), layer)))
      )
})
