import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import type { Network } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import * as Tensor from "@moco/core/Tensor"
import { assertClose, TensorLeak, tinyResNet } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import * as Embedding from "@moco/evaluation/Embedding"
import { Evaluation } from "@moco/evaluation/Evaluation"
import * as FineTune from "@moco/evaluation/Evaluation/FineTune"
import { measure } from "@moco/evaluation/Evaluation/measure"
import * as Supervised from "@moco/evaluation/Evaluation/Supervised"
import {
  cosineRate,
  type LabelledState,
  settleStatistics,
  stepLabelled
} from "@moco/evaluation/labelled/training"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Fiber, Layer } from "effect"

const tensorflow = Backend.layerTensorflow({ threads: 2 })
const settings = { everyEpochs: 1, labels: [1], epochs: 15, learningRate: 0.1, batchSize: 10 }

const images = Layer.provideMerge(
  Augmentation.layerNone,
  layerSynthetic({ numTrain: 60, numTest: 30, height: 8, width: 8, channels: 1, numClasses: 3, seed: 4 })
)
const around = <E>(evaluation: Layer.Layer<Evaluation, E, Layer.Success<typeof images> | Backend>) =>
  Effect.provide(evaluation.pipe(Layer.provideMerge(images), Layer.provideMerge(tensorflow)))

const network = ResNet.make(tinyResNet, 1)

/** What the evaluation measures of a ResNet, of whose weights nothing may change. */
const measured = ({ isUntrained = true, of = network, seed = 1 } = {}) =>
  Effect.gen(function* () {
    const owned = yield* Tensor.scoped("weights", () => ({ ...network.init(seed) }))
    const values = () =>
      Object.values({ ...owned.parameters, ...owned.statistics }).map((tensor) => tensor.dataSync().slice())
    const before = values()
    const embedding = yield* Embedding.open({
      ...{ subject: "a ResNet", representation: "its representation" },
      represent: (image_NHWC) => network.represent(owned, image_NHWC),
      encoder: { network: of, weights: () => owned, isUntrained }
    })
    const found = yield* measure(yield* Evaluation, embedding)
    assert.deepStrictEqual(values(), before)
    return found
  }).pipe(Effect.scoped, TensorLeak.check)

describe("A step with labels", () => {
  /** Rows are the images' two numbers times two parameters; a third parameter is of no use to them. */
  const scaling: Network = {
    featureSize: 2,
    init: () => ({ parameters: {}, statistics: {} }),
    train: () => assert.fail("not of the loss"),
    trainBackbone: ({ parameters, statistics }, view_NHWC, keep) => ({
      row_NC: tf.mul(tf.reshape(view_NHWC, [-1, 2]), parameters["scale"]!),
      statistics: { steps: keep(tf.add(statistics["steps"]!, 1)) }
    }),
    represent: () => assert.fail("not in evaluation"),
    project: () => assert.fail("not in evaluation")
  }
  const [scale, weight, bias] = [
    [0.5, -2],
    [
      [0.3, -0.1],
      [0.2, 0.4]
    ],
    [0.1, -0.2]
  ] as const
  const batch = [
    { x: [1, 2], label: 0 },
    { x: [-1, 0.5], label: 1 },
    { x: [0.25, -1.5], label: 1 }
  ] as const
  const sgd = { learningRate: 0.5, momentum: 0.9, weightDecay: 0.01 }

  const state = (): LabelledState => ({
    network: {
      parameters: { scale: tf.tensor1d([...scale]), head: tf.scalar(7) },
      statistics: { steps: tf.scalar(0) }
    },
    classifier: {
      weight_CK: tf.tensor2d(weight.map((row) => [...row])),
      bias_K: tf.tensor1d([...bias])
    },
    moments: {
      "network.scale": tf.tensor1d([1, 2]),
      "network.head": tf.scalar(3),
      "classifier.weight_CK": tf.zeros([2, 2]),
      "classifier.bias_K": tf.tensor1d([0.5, 0])
    }
  })
  const stepped = (learningRate = sgd.learningRate) => {
    const x_NHWC = tf.tensor4d(
      batch.flatMap(({ x }) => [...x]),
      [3, 1, 2, 1]
    )
    const oneHot_NK = tf.oneHot(
      batch.map(({ label }) => label),
      2
    ) as tf.Tensor2D
    return stepLabelled(scaling, state(), x_NHWC, oneHot_NK, { ...sgd, learningRate }, tf.keep)
  }
  const onTensorflow = (law: () => void) =>
    Effect.andThen(
      Backend,
      Effect.sync(() => tf.tidy(law))
    ).pipe(Effect.provide(tensorflow))

  it.effect(
    "moves backbone and classifier by SGD on the mean cross-entropy, as loops in float64 have it",
    () =>
      onTensorflow(() => {
        const ofScale = [0, 0]
        const ofWeight = [0, 0, 0, 0]
        const ofBias = [0, 0]
        for (const { label, x } of batch) {
          const row = x.map((value, c) => value * scale[c]!)
          const logits = [0, 1].map((k) => row[0]! * weight[0][k]! + row[1]! * weight[1][k]! + bias[k]!)
          const total = Math.exp(logits[0]!) + Math.exp(logits[1]!)
          for (const k of [0, 1]) {
            const residual = (Math.exp(logits[k]!) / total - Number(k === label)) / batch.length
            ofBias[k]! += residual
            for (const c of [0, 1]) {
              ofWeight[2 * c + k]! += residual * row[c]!
              ofScale[c]! += residual * weight[c]![k]! * x[c]!
            }
          }
        }
        const moved = (
          values: ReadonlyArray<number>,
          gradient: ReadonlyArray<number>,
          moment: ReadonlyArray<number>
        ) =>
          values.map(
            (value, at) =>
              value -
              sgd.learningRate * (sgd.momentum * moment[at]! + gradient[at]! + sgd.weightDecay * value)
          )
        const { classifier, network: next } = stepped()
        assertClose(next.parameters["scale"]!.dataSync(), moved(scale, ofScale, [1, 2]), 1e-5)
        assertClose(classifier.weight_CK.dataSync(), moved(weight.flat(), ofWeight, [0, 0, 0, 0]), 1e-5)
        assertClose(classifier.bias_K.dataSync(), moved(bias, ofBias, [0.5, 0]), 1e-5)
        tf.dispose(next.statistics["steps"])
      })
  )

  it.effect("leaves what the loss does not depend on, and takes over the new statistics", () =>
    onTensorflow(() => {
      const { moments, network: next } = stepped()
      assert.strictEqual(next.parameters["head"]!.dataSync()[0], 7)
      assert.strictEqual(moments["network.head"]!.dataSync()[0], 3)
      assert.strictEqual(next.statistics["steps"]!.dataSync()[0], 1)
      tf.dispose(next.statistics["steps"])
    })
  )

  it.effect("without a step moves the running statistics and nothing else", () =>
    onTensorflow(() => {
      const before = state()
      const after = settleStatistics(scaling, before, tf.zeros([1, 1, 2, 1]), tf.keep)
      assert.strictEqual(after.network.statistics["steps"]!.dataSync()[0], 1)
      tf.dispose(after.network.statistics["steps"])
      const { statistics } = before.network
      assert.deepStrictEqual({ ...after, network: { ...after.network, statistics } }, before)
    })
  )

  it("goes by a rate that falls from the first step on, in half a cosine", () => {
    assertClose(
      [0, 1, 2, 3, 4].map((step) => cosineRate(2, step, 4)),
      [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2, 0],
      1e-12
    )
  })
})

for (const [name, layer] of [
  ["supervised", Supervised.layer],
  ["fineTune", FineTune.layer]
] as const) {
  describe(`The evaluation ${name}`, () => {
    it.effect(
      "learns classes from their labels, by a copy: the encoder stays as it is, and no tensor is left",
      () =>
        Effect.gen(function* () {
          const [accuracy] = yield* measured()
          assert.isAtLeast(accuracy!.value, 0.9)
          assert.strictEqual(accuracy!.numImages, 30)
        }).pipe(around(layer(settings)))
    )

    it.effect("can be stopped between its steps, and leaves no tensor", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(measured())
        for (let turn = 0; turn < 40; turn++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(exit._tag, "Failure")
      }).pipe(TensorLeak.check, around(layer({ ...settings, epochs: 1000 })))
    )

    it.effect("works with the label of one image a class", () =>
      Effect.gen(function* () {
        const [accuracy] = yield* measured()
        assert.isAtLeast(accuracy!.value, 0)
      }).pipe(around(layer({ ...settings, epochs: 3, labels: [0.01] })))
    )

    for (const [epochs, batches] of [
      [1, 50],
      [60, 60]
    ] as const) {
      it.effect(
        `sees ${batches} batches in ${epochs} steps: running statistics take 50 to come to the weights`,
        () =>
          Effect.gen(function* () {
            let calls = 0
            const trainBackbone: Network["trainBackbone"] = (...given) => {
              calls++
              return network.trainBackbone(...given)
            }
            yield* measured({ of: { ...network, trainBackbone } })
            assert.strictEqual(calls, batches)
          }).pipe(around(layer({ ...settings, epochs, batchSize: 60 })))
      )
    }

    it.effect("measures nothing of what has no network, and that is no error", () =>
      Effect.gen(function* () {
        const embedding = yield* Embedding.open({
          ...{ subject: "raw pixels", representation: "the images" },
          represent: () => assert.fail("it is not asked")
        })
        assert.deepStrictEqual(yield* measure(yield* Evaluation, embedding), [])
      }).pipe(Effect.scoped, around(layer(settings)))
    )

    it.effect("is refused where a part is named twice, and where there are not two labels", () =>
      Effect.gen(function* () {
        const refused = (labels: ReadonlyArray<number>, numClasses: number) =>
          Effect.flip(
            Effect.provide(
              Evaluation,
              layer({ ...settings, labels }).pipe(
                Layer.provideMerge(Augmentation.layerNone),
                Layer.provideMerge(
                  layerSynthetic({
                    ...{ numTrain: 9, numTest: 3, height: 8, width: 8, channels: 1, numClasses, seed: 4 }
                  })
                ),
                Layer.provideMerge(tensorflow)
              )
            )
          )
        assert.include((yield* refused([1, 1], 3)).message, `${name}: labels = [1,1]: names a part twice`)
        assert.include((yield* refused([0.01], 1)).message, "must be the labels of two images or more")
      })
    )
  })
}

describe("Ceilings", () => {
  it.effect("fail where the training diverges, and say by which learning rate", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(measured())
      assert.deepInclude(error, { _tag: "StageInvalid", field: "evaluations.supervised.learningRate" })
      assert.match(error.message, /makes the loss .+\n {2}give it a smaller one/)
    }).pipe(around(Supervised.layer({ ...settings, learningRate: 1e6 })))
  )

  it.effect("supervised measures the seed's weights alone: training does not move it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* measured({ isUntrained: false }), [])
    }).pipe(around(Supervised.layer(settings)))
  )

  it.effect("fineTune starts at the weights that it is given", () =>
    Effect.gen(function* () {
      const one = { ...settings, epochs: 1, learningRate: 0.001, labels: [1, 0.2] }
      const found = (seed: number) => measured({ isUntrained: false, seed }).pipe(around(FineTune.layer(one)))
      const [first, again, other] = [yield* found(1), yield* found(1), yield* found(2)]
      assert.deepStrictEqual(first, again)
      assert.notDeepEqual(
        first.map(({ value }) => value),
        other.map(({ value }) => value)
      )
      assert.deepStrictEqual(
        first.map(({ metric }) => metric),
        ["fine-tuned accuracy (all labels)", "fine-tuned accuracy (20 % of the labels)"]
      )
      assert.include(first[0]!.protocol, "1 epochs of batches of 10, SGD with learning rate 0.001")
    })
  )
})
