import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { sgdStep } from "@moco/core/Parameters"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"

const tensorflow = Backend.layerTensorflow({ threads: 2 })

describe("Optimizer", () => {
  it.effect("takes PyTorch's first two steps of momentum 0.9 and weight decay 0.1", () =>
    Effect.gen(function* () {
      yield* Backend
      const settings = { learningRate: 0.5, momentum: 0.9, weightDecay: 0.1 }
      const values = tf.tidy(() => {
        const first = sgdStep(
          { p: tf.tensor1d([1]) },
          { p: tf.tensor1d([2]) },
          { p: tf.tensor1d([0]) },
          settings
        )
        const second = sgdStep(first.parameters, { p: tf.tensor1d([1]) }, first.moments, settings)
        return [first, second].flatMap(({ moments, parameters }) => [
          moments["p"]!.dataSync()[0]!,
          parameters["p"]!.dataSync()[0]!
        ])
      })
      // v1 = 2 + 0.1 * 1; p1 = 1 - 0.5 v1; v2 = 0.9 v1 + (1 + 0.1 p1); p2 = p1 - 0.5 v2
      const expected = [2.1, -0.05, 2.885, -1.4925]
      // float32 keeps seven digits
      values.forEach((value, i) => {
        assert.closeTo(value, expected[i]!, 1e-6)
      })
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("always equals the float64 recurrence", () =>
    Effect.gen(function* () {
      yield* Backend
      const number = fc.double({ min: -10, max: 10, noNaN: true })
      fc.assert(
        fc.property(
          fc.record({
            start: number,
            gradients: fc.array(number, { minLength: 1, maxLength: 12 }),
            learningRate: fc.double({ min: 1e-3, max: 0.3, noNaN: true }),
            momentum: fc.double({ min: 0, max: 0.99, noNaN: true }),
            weightDecay: fc.double({ min: 0, max: 0.1, noNaN: true })
          }),
          ({ gradients, start, ...settings }) => {
            let moment = 0
            let parameter = start
            let scale = Math.abs(start) + 1
            for (const gradient of gradients) {
              moment = settings.momentum * moment + gradient + settings.weightDecay * parameter
              parameter -= settings.learningRate * moment
              scale = Math.max(scale, Math.abs(parameter), Math.abs(moment))
            }
            const actual = tf.tidy(() => {
              let state = {
                parameters: { p: tf.scalar(start) as tf.Tensor },
                moments: { p: tf.scalar(0) as tf.Tensor }
              }
              for (const gradient of gradients) {
                state = sgdStep(
                  state.parameters,
                  { p: tf.scalar(gradient) },
                  state.moments,
                  settings
                ) as typeof state
              }
              return state.parameters.p.dataSync()[0]!
            })
            // A dozen float32 steps, each within 1e-7 of the largest number that took part.
            assert.closeTo(actual, parameter, 1e-5 * scale)
          }
        )
      )
    }).pipe(Effect.provide(tensorflow))
  )
})
