import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Property, TensorLeak } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset, DatasetUnreadable, type OwnDataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { make as makeSource } from "@moco/data/ImageSource"
import { toTensor } from "@moco/data/ImageTensors"
import { mixedSource, type Readings, reordered } from "@moco/data/testing"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { imagesOf } from "./imagesOf.ts"
import { settings } from "./settings.ts"

const numTrain = 11
const batchSize = 3
const synthetic = layerSynthetic({
  numTrain,
  numTest: 2,
  height: 6,
  width: 5,
  channels: 1,
  numClasses: 3,
  seed: 3
})
// TensorFlow blurs an image alone by another kernel than in a batch: the last bit differs, and views are compared.
const augmented = Augmentation.layer({ ...settings, blur: 0 })
const pairs = (augmentation: typeof augmented | typeof Augmentation.layerNone, seed = 1) =>
  ViewPairs.layer({ seed, batchSize }).pipe(Layer.provideMerge(augmentation))

/** A batch as plain data, its tensors released. */
const read = ({ batch }: ViewPairs["Service"], step: number) =>
  Effect.map(batch(step), ({ epoch, indices, views }) =>
    tf.tidy(() => {
      const { viewK_NHWC, viewQ_NHWC } = views()
      return { epoch, indices: [...indices], q: [...viewQ_NHWC.dataSync()], k: [...viewK_NHWC.dataSync()] }
    })
  )

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

/** Eleven images of many sizes in colour, without labels, seen at 4 x 4. */
const mixed: OwnDataset = {
  name: "mixed",
  train: mixedSource(numTrain, 3),
  imageSize: { height: 4, width: 4 }
}

/** The batches of `steps`, as a data set gives them that is read as `own` says, `prefetch` batches ahead. */
const batchesOf = (own: OwnDataset, steps: ReadonlyArray<number>, prefetch: number) =>
  Effect.flatMap(ViewPairs, (service) => Effect.forEach(steps, (step) => read(service, step))).pipe(
    Effect.provide(
      ViewPairs.layer({ seed: 1, batchSize, prefetch }).pipe(
        Layer.provide(augmented),
        Layer.provide(Dataset.layerOf(own))
      )
    ),
    Effect.scoped
  )

layer(Backend.layerCpu)("ViewPairs reading ahead", (it) => {
  const train = Dataset.pipe(
    Effect.map((dataset) => dataset.train),
    Effect.provide(synthetic)
  )

  it.effect(
    "always gives the same bits, however far ahead it reads, whoever answers first, whatever step is next",
    () =>
      Effect.gen(function* () {
        const fixed: OwnDataset = { name: "fixed", train: yield* train }
        for (const own of [fixed, mixed]) {
          const source = yield* Effect.map(Dataset.make(own), (dataset) => dataset.train)
          yield* Property.check(
            fc.tuple(
              fc.nat(4),
              fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
              fc.array(fc.nat(9), { minLength: 1, maxLength: 7 })
            ),
            ([prefetch, steps, turns]) =>
              Effect.gen(function* () {
                const readings: Readings = { begun: 0, ended: 0 }
                let numRead = 0
                const slow = reordered(source, () => turns[numRead++ % turns.length]!, readings)
                const { mean, std } = {
                  mean: Array(source.channels).fill(0.4),
                  std: Array(source.channels).fill(0.2)
                }
                const plain = yield* batchesOf({ ...own, mean, std }, steps, 0)
                assert.deepStrictEqual(
                  yield* batchesOf({ ...own, mean, std, train: slow }, steps, prefetch),
                  plain
                )
                // One for the rehearsal, one a step; what has been begun ahead has ended with the layer.
                assert.isAtLeast(readings.begun, 1 + new Set(steps).size)
                assert.strictEqual(readings.ended, readings.begun)
              }),
            { numRuns: 30 }
          )
        }
      })
  )

  it.effect("tells what a reading fails with in the step that needs the images, and in no other", () =>
    Effect.gen(function* () {
      const source = yield* train
      const failure = new DatasetUnreadable({
        file: "images/7.png",
        hint: "look at the disk",
        cause: new Error("EIO")
      })
      const failing = makeSource({
        ...source,
        read: (indices) => (indices.includes(7) ? Effect.fail(failure) : source.read(indices))
      })
      const views = ViewPairs.layer({ seed: 1, batchSize, prefetch: 2 }).pipe(
        Layer.provide(augmented),
        Layer.provide(Dataset.layerOf({ name: "failing", train: failing, mean: [0.4], std: [0.2] }))
      )
      const outcomes = yield* Effect.flatMap(ViewPairs, ({ batch }) =>
        Effect.forEach([0, 1, 2, 3, 4, 5], (step) => Effect.result(batch(step)))
      ).pipe(Effect.provide(views), Effect.scoped)
      const whole = yield* batchesOf({ name: "whole", train: source }, [0, 1, 2, 3, 4, 5], 0)
      assert.deepStrictEqual(
        outcomes.map(({ _tag }) => _tag === "Failure"),
        whole.map(({ indices }) => indices.includes(7))
      )
      const errors = outcomes.flatMap((outcome) => (outcome._tag === "Failure" ? [outcome.failure] : []))
      assert.isNotEmpty(errors)
      for (const error of errors) assert.strictEqual(error, failure)
    })
  )

  it.effect("shows images of many sizes in the one that the encoder sees, each as if it were alone", () =>
    TensorLeak.check(
      Effect.gen(function* () {
        const batches = yield* batchesOf(mixed, [0, 1, 2], 2)
        const { views: viewsOf } = yield* Effect.provide(Augmentation, augmented)
        const { train } = yield* Dataset
        const alone = (index: number, view: number) =>
          tf.tidy(() => [
            ...viewsOf(imagesOf(train, [index]), [{ seed: 1, epoch: 0, index, view }]).dataSync()
          ])
        for (const { indices, k, q } of batches) {
          assert.deepStrictEqual([q.length, k.length], [3 * 48, 3 * 48])
          // Image i holds i everywhere: by its brightness a view tells its image, and its plan.
          const views = [0, 1].map((view) => indices.flatMap((index) => alone(index, view)))
          assert.deepStrictEqual([q, k], views)
        }
      }).pipe(Effect.provide(Dataset.layerOf(mixed)))
    )
  )

  it.effect("refuses an augmentation that keeps each image's own size, where the first are of two", () =>
    Effect.gen(function* () {
      const keeping = Layer.succeed(
        Augmentation,
        Augmentation.of({
          views: (images) => toTensor(images, 3),
          normalize: (images) => toTensor(images, 3)
        })
      )
      const views = ViewPairs.layer({ seed: 1, batchSize }).pipe(Layer.provide(keeping))
      const error = yield* Effect.flip(Effect.provide(ViewPairs, views))
      assert.strictEqual(error._tag, "StageInvalid")
      assert.include(error.message, 'shape of views(images, keys) = "[1,1,1,3]": must be [1,4,4,3]')
    }).pipe(Effect.provide(Dataset.layerOf(mixed)))
  )

  it.effect("refuses to read ahead by less than nothing", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(batchesOf({ name: "fixed", train: yield* train }, [0], -1))
      assert.include(error.message, "ViewPairs: prefetch = -1: must be an integer of at least 0")
    })
  )
})
