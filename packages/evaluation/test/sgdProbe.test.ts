import { assert, describe, it, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { predict } from "@moco/evaluation/linear/logisticRegression"
import {
  authorsProbe,
  cachedFeatures,
  learningRateAt,
  type ProbeState,
  probeOf,
  startProbe,
  stepProbe,
  trainProbe
} from "@moco/evaluation/linear/sgdProbe"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { farthest, oracles } from "./oracles.ts"

const { sgd } = oracles

describe("a probe by SGD", () => {
  layer(Backend.layerTensorflow({ threads: 1 }))((it) => {
    it.effect("makes the steps of numpy's formulas in float64", () =>
      Effect.sync(() => {
        tf.tidy(() => {
          const feature_NC = tf.tensor2d([...sgd.x])
          let state: ProbeState = { ...startProbe(4, 3, 1), weight_CK: Float32Array.from(sgd.first.flat()) }
          const before = tf.memory().numTensors
          for (let step = 0; step < 5; step++) {
            state = stepProbe(state, feature_NC, sgd.y, {
              learningRate: 0.5,
              momentum: 0.9,
              weightDecay: 0.001
            })
          }
          assert.strictEqual(tf.memory().numTensors, before)
          assert.isBelow(farthest(state.weight_CK, sgd.weight.flat()), 1e-5)
          assert.isBelow(farthest(state.bias_K, sgd.bias), 1e-5)
        })
      })
    )

    const settings = { ...authorsProbe, batchSize: 5, epochs: 4, milestones: [3], learningRate: 0.5 }

    it.effect(
      "sees every image once an epoch, in an order of its seed and of the epoch, in whole batches but the last",
      () =>
        Effect.gen(function* () {
          const seen: Array<{ epoch: number; rows: Array<number> }> = []
          const feature_NC = tf.tensor2d([...sgd.x])
          const cached = cachedFeatures(feature_NC)
          const before = tf.memory().numTensors
          yield* trainProbe(
            (rows, epoch) => {
              seen.push({ epoch, rows: [...rows] })
              return cached(rows, epoch)
            },
            4,
            sgd.y,
            3,
            settings,
            1
          )
          assert.strictEqual(tf.memory().numTensors, before)
          assert.deepStrictEqual(
            seen.slice(0, 4).map(({ rows }) => rows.length),
            [5, 5, 5, 1]
          )
          const orders = [0, 1, 2, 3].map((epoch) =>
            seen.filter((batch) => batch.epoch === epoch).flatMap(({ rows }) => rows)
          )
          for (const order of orders)
            assert.deepStrictEqual(
              order.toSorted((a, b) => a - b),
              [...Array(16).keys()]
            )
          assert.strictEqual(new Set(orders.map(String)).size, 4)
          feature_NC.dispose()
        })
    )

    it.effect("learns what can be learnt, the same again of the same seed", () =>
      Effect.gen(function* () {
        const feature_NC = tf.tensor2d([...sgd.x])
        const labels = sgd.x.map(([first]) => (first! > 0 ? 1 : 0))
        const train = (seed: number) =>
          trainProbe(cachedFeatures(feature_NC), 4, labels, 2, { ...settings, epochs: 40 }, seed)
        const model = yield* train(1)
        assert.deepStrictEqual(Array.from(predict(model, feature_NC)), labels)
        assert.deepStrictEqual(yield* train(1), model)
        assert.notDeepEqual(yield* train(2), model)
        feature_NC.dispose()
      })
    )

    it.effect("says at which epoch and rate it diverged", () =>
      Effect.gen(function* () {
        const feature_NC = tf.tidy(() => tf.mul<tf.Tensor2D>(tf.tensor2d([...sgd.x]), 1e30))
        const error = yield* Effect.flip(
          trainProbe(cachedFeatures(feature_NC), 4, sgd.y, 3, { ...authorsProbe, batchSize: 5 }, 1)
        )
        assert.include(error.message, "not finite after epoch 1, at a learning rate of 30")
        feature_NC.dispose()
      })
    )
  })

  it("starts at the authors' rate, and has a tenth of it from epoch 60 and a hundredth from epoch 80 on", () => {
    const rates = [0, 59, 60, 79, 80, 99].map((epoch) => learningRateAt(authorsProbe, epoch))
    assert.isBelow(farthest(rates, [30, 30, 3, 3, 0.3, 0.3]), 1e-12)
  })

  it("falls after 60 and after 80 % of any number of epochs, as the authors' does of 100", () => {
    assert.deepStrictEqual(probeOf({}), authorsProbe)
    const short = probeOf({ epochs: 10, learningRate: 1, batchSize: 32 })
    const rates = [0, 5, 6, 7, 8, 9].map((epoch) => learningRateAt(short, epoch))
    assert.isBelow(farthest(rates, [1, 1, 0.1, 0.1, 0.01, 0.01]), 1e-12)
    assert.deepInclude(short, { epochs: 10, batchSize: 32, momentum: 0.9, weightDecay: 0 })
  })

  it("falls once of three epochs, and not of one: no epoch comes after its end", () => {
    const milestonesOf = (epochs: number) => probeOf({ epochs }).milestones
    assert.deepStrictEqual([1, 2, 3, 4, 5].map(milestonesOf), [[], [1], [2], [2, 3], [3, 4]])
  })

  it("starts from small normal weights and no bias", () => {
    const { bias_K, weight_CK } = startProbe(100, 100, 3)
    const deviation = Math.sqrt(weight_CK.reduce((sum, w) => sum + w * w, 0) / weight_CK.length)
    assert.closeTo(deviation, 0.01, 0.0005)
    assert.deepStrictEqual(new Set(bias_K), new Set([0]))
  })
})
