import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Property } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { imagesOf } from "./imagesOf.ts"
import { augmented, batchSize, numTrain, read, synthetic } from "./ViewPairs/pairs.ts"

const pairs = (augmentation: typeof augmented | typeof Augmentation.layerNone, seed = 1) =>
  ViewPairs.layer({ seed, batchSize }).pipe(Layer.provideMerge(augmentation))

for (const [name, backend] of [
  ["cpu", Backend.layerCpu],
  ["tensorflow", Backend.layerTensorflow()]
] as const) {
  layer(Layer.mergeAll(backend, synthetic))(`ViewPairs on ${name}`, (it) => {
    it.effect("shows the images it names, in both views", () =>
      Effect.gen(function* () {
        const { train } = yield* Dataset
        const { normalize } = yield* Augmentation
        const service = yield* ViewPairs
        const { indices, k, q } = yield* read(service, 5)
        const image = tf.tidy(() => [...normalize(imagesOf(train, indices)).dataSync()])
        assert.deepStrictEqual(q, image)
        assert.deepStrictEqual(k, image)
      }).pipe(Effect.provide(pairs(Augmentation.layerNone)))
    )

    it.effect("makes each view by its own key, of epoch and image and not of the batch", () =>
      Effect.gen(function* () {
        const { train } = yield* Dataset
        const { views: viewsOf } = yield* Augmentation
        const service = yield* ViewPairs
        const { epoch, indices, k, q } = yield* read(service, 7)
        const views = [0, 1].map((view) =>
          indices.flatMap((index) =>
            tf.tidy(() => [
              ...viewsOf(imagesOf(train, [index]), [{ seed: 1, epoch, index, view }]).dataSync()
            ])
          )
        )
        assert.deepStrictEqual([q, k], views)
        assert.notDeepEqual(q, k)
      }).pipe(Effect.provide(pairs(augmented)))
    )

    it.effect("always gives the same batch for a step, whatever was read before: a run can be resumed", () =>
      Effect.gen(function* () {
        const service = yield* ViewPairs
        yield* Property.check(
          fc.tuple(fc.nat(40), fc.array(fc.nat(40), { maxLength: 5 })),
          ([step, others]) =>
            Effect.gen(function* () {
              const first = yield* read(service, step)
              for (const other of others) yield* read(service, other)
              assert.deepStrictEqual(yield* read(service, step), first)
            }),
          { numRuns: 25 }
        )
      }).pipe(Effect.provide(pairs(augmented)))
    )

    it.effect("makes two tensors when it is asked for views, none before, and keeps none", () =>
      Effect.gen(function* () {
        const { batch } = yield* ViewPairs
        const before = tf.memory().numTensors
        const { views } = yield* batch(0)
        assert.strictEqual(tf.memory().numTensors, before)
        const { viewK_NHWC, viewQ_NHWC } = views()
        assert.strictEqual(tf.memory().numTensors, before + 2)
        assert.deepStrictEqual(
          [viewQ_NHWC.shape, viewK_NHWC.shape],
          [
            [batchSize, 6, 5, 1],
            [batchSize, 6, 5, 1]
          ]
        )
        tf.dispose([viewK_NHWC, viewQ_NHWC])
      }).pipe(Effect.provide(pairs(augmented)))
    )
  })
}

layer(Layer.mergeAll(Backend.layerCpu, synthetic))("ViewPairs order", (it) => {
  const orderOf = (service: ViewPairs["Service"], epoch: number) =>
    Effect.map(
      Effect.forEach([0, 1, 2], (position) => read(service, 3 * epoch + position)),
      (batches) => batches.flatMap(({ indices }) => indices)
    )

  it.effect("drops the last partial batch and shows no image twice in an epoch", () =>
    Effect.gen(function* () {
      const service = yield* ViewPairs
      assert.strictEqual(service.stepsPerEpoch, 3)
      const shown = yield* Effect.forEach([0, 1, 2, 3, 4, 5], (epoch) => orderOf(service, epoch))
      for (const [epoch, order] of shown.entries()) {
        assert.strictEqual(new Set(order).size, 9)
        assert.isTrue(order.every((index) => index >= 0 && index < numTrain))
        assert.strictEqual((yield* read(service, 3 * epoch + 2)).epoch, epoch)
      }
      // The two images left out are others each time, so all are seen.
      assert.strictEqual(new Set(shown.flat()).size, numTrain)
    }).pipe(Effect.provide(pairs(Augmentation.layerNone)))
  )

  it.effect("uses another order in another epoch and under another seed", () =>
    Effect.gen(function* () {
      const first = yield* Effect.provide(ViewPairs, pairs(Augmentation.layerNone))
      const second = yield* Effect.provide(ViewPairs, pairs(Augmentation.layerNone, 2))
      assert.notDeepEqual(yield* orderOf(first, 1), yield* orderOf(first, 0))
      assert.notDeepEqual(yield* orderOf(second, 0), yield* orderOf(first, 0))
    })
  )

  it.effect("shows every image once an epoch when the batch size divides their number", () =>
    Effect.gen(function* () {
      const service = yield* ViewPairs
      assert.strictEqual(service.stepsPerEpoch, 1)
      const { indices } = yield* read(service, 4)
      assert.deepStrictEqual(
        indices.toSorted((a, b) => a - b),
        Array.from({ length: numTrain }, (_, index) => index)
      )
    }).pipe(
      Effect.provide(
        ViewPairs.layer({ seed: 1, batchSize: numTrain }).pipe(Layer.provideMerge(Augmentation.layerNone))
      )
    )
  )

  it.effect("refuses a batch that is larger than the training set, an empty one and half an image", () =>
    Effect.gen(function* () {
      for (const size of [numTrain + 1, 0, 2.5, Number.NaN]) {
        const tooLarge = ViewPairs.layer({ seed: 1, batchSize: size })
        const error = yield* Effect.flip(
          Effect.provide(ViewPairs, tooLarge.pipe(Layer.provide(Augmentation.layerNone)))
        )
        assert.strictEqual(
          error.message,
          `a batch of ${size} images cannot be drawn from a training set of 11\n  choose a batch size of 1 to 11`
        )
      }
    })
  )
})
