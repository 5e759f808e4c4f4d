import { assert, describe, it, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { chooseC, split, whileChoosing } from "@moco/evaluation/linear/chooseC"
import { defaultLbfgs, iterateLbfgs, startLbfgs } from "@moco/evaluation/linear/lbfgs"
import type { Objective } from "@moco/evaluation/linear/lineSearch"
import { fitLogistic, logisticObjective, oneHotOf, predict } from "@moco/evaluation/linear/logisticRegression"
import { standardisationOf, standardised } from "@moco/evaluation/linear/standardise"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Fiber } from "effect"
import fc from "fast-check"
import { farthest, oracles } from "./oracles.ts"

const minimumOf = (objective: Objective, from: ReadonlyArray<number>, tolerance = 1e-8) => {
  const settings = { ...defaultLbfgs, relativeChange: 0, tolerance }
  let state = startLbfgs(objective, Float64Array.from(from), settings)
  while (state.stopped === undefined && state.iterations < 500)
    state = iterateLbfgs(objective, state, settings)
  return state
}

describe("L-BFGS", () => {
  it("finds the minimum of Rosenbrock's valley", () => {
    const rosenbrock: Objective = ([x, y]) => ({
      value: (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2,
      gradient: Float64Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! * x!), 200 * (y! - x! * x!))
    })
    const { iterations, point, stopped } = minimumOf(rosenbrock, [-1.2, 1])
    assert.strictEqual(stopped, "gradient")
    assert.isBelow(farthest(point, [1, 1]), 1e-7)
    assert.isBelow(iterations, 60)
  })

  it("finds the minimum of any bowl, and never goes up", () => {
    const number = fc.double({ min: -5, max: 5, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0.01, max: 100, noNaN: true }), number, number), {
          minLength: 1,
          maxLength: 12
        }),
        (bowl) => {
          const objective: Objective = (point) => ({
            value: bowl.reduce((sum, [steep, centre], i) => sum + 0.5 * steep * (point[i]! - centre) ** 2, 0),
            gradient: Float64Array.from(bowl, ([steep, centre], i) => steep * (point[i]! - centre))
          })
          let state = startLbfgs(
            objective,
            Float64Array.from(bowl, ([, , from]) => from),
            defaultLbfgs
          )
          while (state.stopped === undefined) {
            const next = iterateLbfgs(objective, state, { ...defaultLbfgs, tolerance: 1e-7 })
            assert.isAtMost(next.value, state.value)
            state = next
          }
          assert.isBelow(
            farthest(
              state.point,
              bowl.map(([, centre]) => centre)
            ),
            1e-2
          )
        }
      )
    )
  })

  it("gives up where no point of the line is better", () => {
    const upside: Objective = (point) => ({ value: Math.abs(point[0]!), gradient: Float64Array.of(1) })
    assert.strictEqual(minimumOf(upside, [0]).stopped, "line search")
  })
})

describe("logistic regression", () => {
  layer(Backend.layerTensorflow({ threads: 1 }))((it) => {
    const { fits, x, y } = oracles.logistic

    it.effect("has scikit-learn's minimum, and leaves no tensor", () =>
      Effect.gen(function* () {
        const feature_NC = tf.tensor2d([...x])
        const before = tf.memory().numTensors
        for (const { C, bias, loss, weight } of fits) {
          const { model, state } = yield* fitLogistic(
            feature_NC,
            y,
            3,
            { C, tolerance: 1e-7 },
            { standardise: false }
          )
          assert.isBelow(Math.abs(state.value - loss), 2e-7)
          assert.isBelow(farthest(model.weight_CK, weight.flat()), 1e-3)
          // Biases are known up to a number that all share: it moves no probability.
          const shift = model.bias_K[0]! - bias[0]!
          assert.isBelow(
            farthest(
              model.bias_K.map((b) => b - shift),
              bias
            ),
            1e-3
          )
        }
        assert.strictEqual(tf.memory().numTensors, before)
        feature_NC.dispose()
      })
    )

    it.effect("has a gradient that is the slope of its value", () =>
      Effect.sync(() => {
        const labelled = { feature_NC: tf.tensor2d([...x]), oneHot_NK: oneHotOf(y, 3) }
        const objective = logisticObjective(labelled, 0.1)
        const point = Float64Array.from(
          CounterRandom.normals(CounterRandom.make(4, CounterRandom.Purpose.synthetic), 18)
        )
        const { gradient } = objective(point)
        for (const at of gradient.keys()) {
          const along = (step: number) =>
            objective(point.map((value, i) => (i === at ? value + step : value))).value
          assert.closeTo((along(1e-2) - along(-1e-2)) / 2e-2, gradient[at]!, 3e-4)
        }
        tf.dispose(labelled)
      })
    )

    it.effect("is not moved by what features are stretched and shifted by, where they are standardised", () =>
      Effect.gen(function* () {
        const feature_NC = tf.tensor2d([...x])
        const moved_NC = tf.tidy(() => tf.add<tf.Tensor2D>(tf.mul(feature_NC, 40), 100))
        const one = yield* fitLogistic(feature_NC, y, 3, { C: 1 })
        const other = yield* fitLogistic(moved_NC, y, 3, { C: 1 })
        assert.isBelow(farthest(one.model.weight_CK, other.model.weight_CK), 1e-2)
        assert.deepStrictEqual(predict(one.model, feature_NC), predict(other.model, moved_NC))
        assert.isAbove(predict(one.model, feature_NC).filter((label, i) => label === y[i]).length, 40)
        tf.dispose([feature_NC, moved_NC])
      })
    )

    it.effect("leaves a feature alone that is the same for all", () =>
      Effect.sync(() => {
        tf.tidy(() => {
          const feature_NC = tf.tensor2d([
            [0.1, 1],
            [0.1, 3],
            [0.1, 5]
          ])
          const standard = standardisationOf(feature_NC)
          assert.strictEqual(standard.std_C[0], 1)
          const values = standardised(feature_NC, standard).dataSync()
          assert.isBelow(farthest(values, [0, -1.224745, 0, 0, 0, 1.224745]), 1e-5)
        })
      })
    )

    it.effect("can be given up between iterations, and leaves no tensor", () =>
      Effect.gen(function* () {
        const feature_NC = tf.tensor2d([...x])
        const before = tf.memory().numTensors
        const fiber = yield* Effect.forkChild(fitLogistic(feature_NC, y, 3, { C: 100, tolerance: 0 }))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(exit._tag, "Failure")
        assert.strictEqual(tf.memory().numTensors, before)
        feature_NC.dispose()
      })
    )

    it.effect("chooses the regulariser by held-back images, and the smallest of equal ones", () =>
      Effect.gen(function* () {
        const feature_NC = tf.tensor2d([...x])
        const before = tf.memory().numTensors
        const { C, model, tried } = yield* chooseC(feature_NC, y, 3, {
          seed: 1,
          grid: [1e-8, 0.1, 0.1000001]
        })
        assert.deepStrictEqual(
          tried.map(({ C }) => C),
          [1e-8, 0.1, 0.1000001]
        )
        assert.isAbove(tried[1]!.accuracy, tried[0]!.accuracy)
        assert.strictEqual(tried[1]!.accuracy, tried[2]!.accuracy)
        assert.strictEqual(C, 0.1)
        const alone = yield* fitLogistic(feature_NC, y, 3, { C })
        assert.deepStrictEqual(model, alone.model)
        assert.strictEqual(tf.memory().numTensors, before)
        feature_NC.dispose()
      })
    )

    it.effect("fits the chosen one to the usual tolerance, which is finer than that of what was tried", () =>
      Effect.gen(function* () {
        const feature_NC = tf.tensor2d([...x])
        const { C, state } = yield* chooseC(feature_NC, y, 3, { seed: 1, grid: [0.1] })
        const steepest = (gradient: Float64Array) => Math.max(...gradient.map(Math.abs))
        assert.strictEqual(state.stopped, "gradient")
        assert.isAtMost(steepest(state.gradient), defaultLbfgs.tolerance)
        const rough = yield* fitLogistic(feature_NC, y, 3, { C, tolerance: whileChoosing })
        assert.isAbove(steepest(rough.state.gradient), defaultLbfgs.tolerance)
        assert.isBelow(rough.state.iterations, state.iterations)
        feature_NC.dispose()
      })
    )

    it.effect(
      "tries regularisers to a coarser tolerance than the usual one, or to a larger one that is asked for",
      () =>
        Effect.gen(function* () {
          const feature_NC = tf.tensor2d([...x])
          const iterationsOf = (tolerance?: number) =>
            Effect.map(
              chooseC(feature_NC, y, 3, {
                ...{ seed: 1, grid: [0.1, 1] },
                ...(tolerance === undefined ? {} : { tolerance })
              }),
              ({ tried }) => tried.map(({ iterations }) => iterations)
            )
          const coarse = yield* iterationsOf(whileChoosing)
          assert.deepStrictEqual(yield* iterationsOf(), coarse)
          assert.deepStrictEqual(yield* iterationsOf(1e-6), coarse)
          const coarser = yield* iterationsOf(100 * whileChoosing)
          assert.isBelow(coarser[0]!, coarse[0]!)
          feature_NC.dispose()
        })
    )

    it.effect("looks at no larger regulariser where two in turn were worse than the best", () =>
      Effect.gen(function* () {
        // One number that tells the class, weakly, among 60 that tell nothing: to fit more is to learn by heart.
        const random = CounterRandom.make(3, CounterRandom.Purpose.synthetic)
        const labels = Int32Array.from({ length: 100 }, (_, row) => row % 2)
        const rows = Array.from(labels, (label) => [
          2 * label + random.normal(),
          ...Array.from({ length: 60 }, () => random.normal())
        ])
        const feature_NC = tf.tensor2d(rows)
        const grid = [1e-3, 1e-2, 1e-1, 1, 10, 100, 1000]
        const { C, tried } = yield* chooseC(feature_NC, labels, 2, { seed: 1, grid })
        const accuracies = tried.map(({ accuracy }) => accuracy)
        assert.isBelow(tried.length, grid.length)
        const best = Math.max(...accuracies)
        assert.isTrue(
          accuracies.slice(-2).every((accuracy) => accuracy < best),
          String(accuracies)
        )
        assert.strictEqual(C, grid[accuracies.indexOf(best)])
        feature_NC.dispose()
      })
    )
  })

  it("holds a fifth of the images back, each on one side", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), (size, seed) => {
        const { fitted, heldBack } = split(size, seed)
        assert.strictEqual(heldBack.length, Math.ceil(size / 5))
        assert.deepStrictEqual(
          [...fitted, ...heldBack].sort((a, b) => a - b),
          Array.from({ length: size }, (_, i) => i)
        )
      })
    )
  })
})
