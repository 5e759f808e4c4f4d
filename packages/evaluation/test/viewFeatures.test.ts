import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { TensorLeak } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import type { Represent } from "@moco/evaluation/Embedding"
import { cachedFeatures, probeOf, trainProbe } from "@moco/evaluation/linear/sgdProbe"
import { authorsCrops, cropViews, type Views, viewFeatures } from "@moco/evaluation/linear/viewFeatures"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, Fiber, Layer } from "effect"
import { rowsAsImages } from "./rowsAsImages.ts"

const size = 8
const images = Layer.provideMerge(
  Augmentation.layerNone,
  layerSynthetic({
    numTrain: 30,
    numTest: 12,
    height: size,
    width: size,
    channels: 1,
    numClasses: 3,
    seed: 4
  })
).pipe(Layer.provideMerge(Backend.layerTensorflow({ threads: 2 })))

const pixels: Represent = (image_NHWC) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D
const schedule = probeOf({ epochs: 3, learningRate: 0.5, batchSize: 8 })
/** Every third image, in an order that is not theirs. */
const rows = Int32Array.of(27, 3, 0, 9, 6, 24, 12, 21, 15, 18)

const trainedOn = (views: Views, represent: Represent = pixels) =>
  Effect.gen(function* () {
    const { train } = yield* Dataset.labelled
    const labels = rows.map((row) => train.labels[row]!)
    return yield* trainProbe(viewFeatures(represent, train, rows, views), size * size, labels, 3, schedule, 1)
  })

describe("a probe that is trained on views", () => {
  it.effect(
    "is the probe of features that are computed once, where every crop is its image and none flips",
    () =>
      Effect.gen(function* () {
        const { train } = yield* Dataset.labelled
        const { normalize } = yield* Augmentation
        const read = yield* train.read(rows)
        const feature_NC = tf.tidy(() => pixels(normalize(read)))
        const labels = rows.map((row) => train.labels[row]!)
        const cached = yield* trainProbe(cachedFeatures(feature_NC), size * size, labels, 3, schedule, 1)
        feature_NC.dispose()
        const whole = {
          ...authorsCrops,
          cropScale: { min: 1, max: 1 },
          cropRatio: { min: 1, max: 1 },
          flip: 0
        }
        const { views } = yield* Effect.provide(Augmentation, Augmentation.layer(whole))
        assert.deepStrictEqual(yield* trainedOn(views), cached)
        assert.notDeepEqual(yield* trainedOn(yield* cropViews), cached)
      }).pipe(Effect.provide(images))
  )

  it.effect("is the same again, draws a view anew for each image and epoch, and leaves no tensor", () =>
    Effect.gen(function* () {
      const crops = yield* cropViews
      const keys: Array<string> = []
      const watched: Views = (some, given) => {
        keys.push(...given.map(({ epoch, index }) => `${epoch}:${index}`))
        return crops(some, given)
      }
      const first = yield* TensorLeak.check(trainedOn(watched))
      const expected = [0, 1, 2].flatMap((epoch) => [...rows].map((row) => `${epoch}:${row}`))
      assert.deepStrictEqual(keys.toSorted(), expected.toSorted())
      assert.deepStrictEqual(yield* TensorLeak.check(trainedOn(crops)), first)
    }).pipe(Effect.provide(images))
  )

  it.effect("can be stopped between its steps, and leaves no tensor", () =>
    Effect.gen(function* () {
      const crops = yield* cropViews
      let numBatches = 0
      const counted: Views = (some, keys) => {
        numBatches++
        return crops(some, keys)
      }
      const exit = yield* TensorLeak.check(
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(trainedOn(counted))
          while (numBatches < 2) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
          return yield* Fiber.await(fiber)
        })
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.isBelow(numBatches, 6)
    }).pipe(Effect.provide(images))
  )

  it.effect("reads and represents at most 500 images of a batch at a time, and trains on all of them", () =>
    Effect.gen(function* () {
      const { train } = yield* Dataset.labelled
      const crops = yield* cropViews
      // Images may stand for many rows.
      const many = Int32Array.from({ length: 1100 }, (_, row) => row % 30)
      const [read, represented]: [Array<number>, Array<number>] = [[], []]
      const source: Pick<typeof train, "read"> = {
        read: (indices) => {
          read.push(indices.length)
          return train.read(indices)
        }
      }
      const watched: Represent = (image_NHWC) => {
        represented.push(image_NHWC.shape[0])
        return pixels(image_NHWC)
      }
      const featuresOf = viewFeatures(watched, source, many, crops)
      const inOrder = Int32Array.from(many.keys())
      const values = yield* TensorLeak.check(
        Effect.scoped(Effect.map(featuresOf(inOrder, 0), (feature_NC) => feature_NC.arraySync()))
      )
      assert.deepStrictEqual(read, [500, 500, 100])
      assert.deepStrictEqual(represented, [500, 500, 100])
      assert.lengthOf(values, 1100)
      // A view is of its image, whichever block it stands in.
      assert.deepStrictEqual(values[1099], values[1099 % 30])
      assert.notDeepEqual(values[1099], values[1098])
    }).pipe(Effect.provide(images))
  )

  it.effect("is refused where a crop may be less than a pixel wide", () =>
    Effect.gen(function* () {
      const labelled = { rows: [[1], [2]], labels: [0, 1] }
      const { dataset } = rowsAsImages({ train: labelled, test: labelled, numClasses: 2 })
      const error = yield* Effect.flip(Effect.provide(cropViews, dataset))
      assert.match(
        error.message,
        /^Linear: fit = sgdCrops: allows crops 0\.42 pixels wide.*\n {2}let it be sgd, or raise data\.imageSize/
      )
    })
  )
})
