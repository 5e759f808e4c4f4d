import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { QueryEncoder } from "@moco/core/Encoder"
import { ViewPairs } from "@moco/data/ViewPairs"
import { pretrainStep } from "@moco/train/PretrainStep"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { mechanisms } from "./mechanisms.ts"
import { stateOf } from "./stateOf.ts"
import { tinyRun } from "./tinyRun.ts"

/** One pixel of one of the views is NaN. */
const poisonPixel =
  (view: "viewQ_NHWC" | "viewK_NHWC") =>
  (pairs: ViewPairs["Service"]): ViewPairs["Service"] => ({
    ...pairs,
    batch: (step) =>
      Effect.map(pairs.batch(step), (batch) => ({
        ...batch,
        views: () => {
          const views = batch.views()
          const behind = views[view].shape.map((size): [number, number] => [0, size - 1])
          const poison = tf.pad(tf.fill([1, 1, 1, 1], Number.NaN), behind)
          return { ...views, [view]: tf.add(views[view], poison) }
        }
      }))
  })

/** The loss keeps its value and has a gradient that is not finite: that of a root at zero. */
const poisonGradient = (loss: ContrastiveLoss["Service"]): ContrastiveLoss["Service"] => ({
  ...loss,
  compare: (similarities, keep) => {
    const compared = loss.compare(similarities, keep)
    const root = tf.sqrt(tf.mul(tf.square(similarities.positive_N1), 0))
    return { ...compared, mean: tf.add(compared.mean, tf.sum(root)) }
  }
})

/** Takes two steps as they should be, then a poisoned one, which must change nothing; gives its error. */
const poisoned = Effect.fnUntraced(function* (
  poison: (takeStep: typeof pretrainStep) => typeof pretrainStep
) {
  const takeStep = yield* pretrainStep
  const takePoisonedStep = yield* poison(pretrainStep)
  yield* takeStep(0)
  yield* takeStep(1)
  const before = yield* stateOf
  const { numTensors } = tf.memory()
  const error = yield* Effect.flip(takePoisonedStep(2))
  assert.deepStrictEqual(yield* stateOf, before)
  assert.strictEqual(tf.memory().numTensors, numTensors)
  yield* takeStep(2)
  return error
})

const nameless = { step: 2, value: "NaN", learningRate: 0.05 }

describe("a number that is not finite", () => {
  for (const [name, tiny] of mechanisms) {
    const test = <E>(
      title: string,
      effect: Effect.Effect<void, E, Layer.Success<ReturnType<typeof tinyRun>>>
    ) =>
      it.effect(`${title}, with ${name}`, () =>
        effect.pipe(
          Effect.provide(Layer.provideMerge(tinyRun(tiny), Backend.layerTensorflow({ threads: 2 })))
        )
      )

    test(
      "in the features is caught in its step, named by the first layer, and enters no dictionary",
      Effect.gen(function* () {
        const error = yield* poisoned(Effect.updateService(ViewPairs, poisonPixel("viewQ_NHWC")))
        assert.deepInclude(error, { ...nameless, _tag: "NonFinite", metric: "loss" })
        assert.include(error.message, "loss is NaN at bn1.running_mean and ")
        assert.include(error.message, "in step 2 (learning rate 0.05); the step was not applied\n  go on")
      })
    )

    test(
      "in the gradient is caught in its step, named by the last layer, and is not applied",
      Effect.gen(function* () {
        const error = yield* poisoned(Effect.updateService(ContrastiveLoss, poisonGradient))
        assert.deepInclude(error, { ...nameless, _tag: "NonFinite", metric: "gradientNorm" })
        // End to end, the key encoder is trained too, and comes behind the query encoder.
        assert.match(error.message, /^gradientNorm is NaN at (key\.)?fc\.bias and /)
      })
    )

    test(
      "in a parameter is named",
      Effect.gen(function* () {
        const takeStep = yield* pretrainStep
        const query = yield* QueryEncoder
        const healthy = query.parameters.get()
        const { shape } = healthy["layer2.0.conv1.weight"]!
        query.parameters.replace({ ...healthy, "layer2.0.conv1.weight": tf.fill(shape, Number.NaN) })
        const error = yield* Effect.flip(takeStep(0))
        assert.include(error.message, "loss is NaN at layer2.0.conv1.weight and ")
      })
    )
  }

  it.effect("in a key is caught before the key enters the queue", () =>
    Effect.gen(function* () {
      const error = yield* poisoned(Effect.updateService(ViewPairs, poisonPixel("viewK_NHWC")))
      assert.deepInclude(error, { ...nameless, metric: "loss" })
    }).pipe(Effect.provide(Layer.provideMerge(tinyRun(), Backend.layerTensorflow({ threads: 2 }))))
  )
})
