import { assert, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import type { Network } from "@moco/core/Encoder"
import * as Tensor from "@moco/core/Tensor"
import { TensorLeak } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, Fiber, Layer } from "effect"
import type { Represent } from "../../Embedding.ts"
import { Evaluation } from "../../Evaluation.ts"
import * as testing from "../evaluationOf.ts"

const images = Layer.provideMerge(
  Augmentation.layerNone,
  layerSynthetic({ numTrain: 60, numTest: 30, height: 6, width: 6, channels: 1, numClasses: 3, seed: 4 })
)

const pixels: Represent = (image_NHWC) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D

/** A network that represents as it is told to, times a parameter of its own: 36 numbers an image. */
const networkOf = (represent: Represent): Network => {
  const scaled: Network["represent"] = ({ parameters }, image_NHWC) =>
    tf.mul(represent(image_NHWC), parameters["scale"]!)
  return {
    featureSize: 36,
    init: () => ({ parameters: { scale: tf.ones([36]) }, statistics: {} }),
    train: (weights, view_NHWC) => ({ feature_ND: scaled(weights, view_NHWC), statistics: {} }),
    trainBackbone: (weights, view_NHWC) => ({ row_NC: scaled(weights, view_NHWC), statistics: {} }),
    represent: scaled,
    project: scaled
  }
}

/** What the evaluation measures of a representation, which is that of a network too. */
const evaluationOf = ({ represent, subject }: { readonly subject: string; readonly represent: Represent }) =>
  Effect.gen(function* () {
    const network = networkOf(represent)
    const { parameters } = yield* Tensor.scoped("weights", () => ({ ...network.init(1) }))
    const weights = () => ({ parameters, statistics: {} })
    const encoder = { network, weights, isUntrained: true }
    const found = yield* testing.evaluationOf({ subject, represent, encoder })
    assert.isTrue(parameters["scale"]!.dataSync().every((value) => value === 1))
    return found
  }).pipe(Effect.scoped)

/**
 * What every evaluation has in common, on 60 and 30 synthetic images of 6 x 6 pixels in 3 classes; a variant joins by one
 * line.
 */
export const evaluationLaws = <E>(
  variant: Layer.Layer<Evaluation, E, Layer.Success<typeof images> | Backend>
) => {
  const provided = Effect.provide(
    variant.pipe(Layer.provideMerge(images), Layer.provideMerge(Backend.layerTensorflow({ threads: 2 })))
  )

  it.effect(
    "gives a finite value for each of its metrics, in their order, of the subject that it was given",
    () =>
      Effect.gen(function* () {
        const { everyEpochs, metrics, name } = yield* Evaluation
        assert.isAtLeast(everyEpochs, 1)
        assert.isAbove(metrics.length, 0)
        const found = yield* evaluationOf({ subject: "somebody's encoder", represent: pixels })
        assert.deepStrictEqual(
          found.map(({ distribution, interval, numImages, subject, value, ...metric }) => metric),
          metrics
        )
        for (const { evaluation, interval, metric, protocol, subject, unit, value } of found) {
          assert.deepStrictEqual([evaluation, subject], [name, "somebody's encoder"])
          assert.isTrue(Number.isFinite(value), metric)
          if (unit === "fraction") assert.isTrue(value >= 0 && value <= 1, metric)
          assert.isAbove(protocol.length, 0, metric)
          if (interval !== undefined) assert.isTrue(interval.low <= value && value <= interval.high, metric)
        }
      }).pipe(provided)
  )

  it.effect("calls each of its metrics by another name", () =>
    Effect.gen(function* () {
      const { metrics } = yield* Evaluation
      assert.strictEqual(new Set(metrics.map(({ metric }) => metric)).size, metrics.length)
    }).pipe(provided)
  )

  it.effect("gives the same values again, and releases every tensor", () =>
    Effect.gen(function* () {
      const evaluated = evaluationOf({ subject: "pixels", represent: pixels })
      const first = yield* TensorLeak.check(evaluated)
      assert.deepStrictEqual(yield* TensorLeak.check(evaluated), first)
    }).pipe(provided)
  )

  it.effect(
    "fails with what the representation throws, at its first call and its last, and releases every tensor",
    () =>
      Effect.gen(function* () {
        let numCalls = 0
        const counted: Represent = (image_NHWC) => {
          numCalls++
          return pixels(image_NHWC)
        }
        yield* evaluationOf({ subject: "counted", represent: counted })
        for (const failsAt of new Set([0, numCalls - 1])) {
          numCalls = 0
          const reason = new RangeError("it cannot be represented")
          const broken: Represent = (image_NHWC) => {
            if (numCalls++ === failsAt) throw reason
            return pixels(image_NHWC)
          }
          const error = yield* Effect.flip(
            TensorLeak.check(evaluationOf({ subject: "broken", represent: broken }))
          )
          assert.strictEqual(error.cause, reason)
        }
      }).pipe(provided)
  )

  it.effect("can be interrupted, early and late, and releases every tensor then", () =>
    Effect.gen(function* () {
      for (const turns of [1, 2, 4, 8, 16, 64]) {
        const stopped = Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(evaluationOf({ subject: "pixels", represent: pixels }))
          for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
          return yield* Fiber.await(fiber)
        })
        const exit = yield* TensorLeak.check(stopped)
        if (turns === 1) assert.isTrue(Exit.isFailure(exit))
      }
    }).pipe(provided)
  )
}
