import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset, type LabelledSource } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { Evaluation } from "@moco/evaluation/Evaluation"
import * as Knn from "@moco/evaluation/Evaluation/Knn"
import { evaluationOf } from "@moco/evaluation/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { voteOfNeighbours } from "../src/voteOfNeighbours.ts"

const pixels = (image_NHWC: tf.Tensor4D) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D

const synthetic = layerSynthetic({
  numTrain: 60,
  numTest: 30,
  height: 6,
  width: 6,
  channels: 1,
  numClasses: 3,
  seed: 4
})

/** The synthetic images with another training or test set. */
const withSets = (
  change: (sets: Record<"train" | "test", LabelledSource>) => Record<"train" | "test", LabelledSource>
) =>
  Layer.effect(
    Dataset,
    Effect.map(Effect.orDie(Dataset.labelled), (dataset) => Dataset.of({ ...dataset, ...change(dataset) }))
  ).pipe(Layer.provide(synthetic))

/** So little of an image that neighbours disagree. */
const somePixels = (image_NHWC: tf.Tensor4D) => tf.slice2d(pixels(image_NHWC), [0, 14], [-1, 3])

const knn = (dataset: Layer.Layer<Dataset>, k: ReadonlyArray<number>, temperature = 0.1) =>
  Knn.layer({ everyEpochs: 1, k, temperature }).pipe(
    Layer.provideMerge(Augmentation.layerNone),
    Layer.provideMerge(dataset),
    Layer.provideMerge(Backend.layerTensorflow({ threads: 2 }))
  )

/** Accuracy at the first k. */
const accuracyOf = (represent = pixels) => Effect.map(evaluated(represent), ([first]) => first!.value)

const evaluated = (represent = pixels) => evaluationOf({ subject: "pixels", represent })

describe("Knn", () => {
  it.effect("is right about every image that is in the bank itself, at k = 1", () =>
    Effect.gen(function* () {
      const [accuracy, ...others] = yield* evaluated()
      assert.deepInclude(accuracy, { metric: "kNN accuracy (k = 1)", value: 1 })
      assert.isEmpty(others)
    }).pipe(
      Effect.provide(
        knn(
          withSets(({ train }) => ({ train, test: train })),
          [1]
        )
      )
    )
  )

  it.effect("tells classes apart by their pixels far better than chance", () =>
    Effect.gen(function* () {
      const accuracy = yield* accuracyOf()
      assert.isAbove(accuracy, 0.8)
    }).pipe(Effect.provide(knn(synthetic, [5])))
  )

  it.effect("is at chance with representations that know nothing", () =>
    Effect.gen(function* () {
      let seed = 0
      const accuracy = yield* accuracyOf(
        (image_NHWC) => tf.randomNormal([image_NHWC.shape[0], 16], 0, 1, "float32", ++seed) as tf.Tensor2D
      )
      // 30 images in 3 classes: 4 standard deviations of the binomial around 1/3 are 0.34.
      assert.closeTo(accuracy, 1 / 3, 0.34)
    }).pipe(Effect.provide(knn(synthetic, [5])))
  )

  it.effect("does not depend on the order of the bank", () =>
    Effect.gen(function* () {
      const forwards = yield* evaluated().pipe(Effect.provide(knn(synthetic, [20, 5])))
      const backwards = yield* evaluated().pipe(
        Effect.provide(
          knn(
            withSets(({ test, train }) => ({ test, train: reversed(train) })),
            [20, 5]
          )
        )
      )
      assert.deepStrictEqual(backwards, forwards)
    })
  )

  it.effect("gives a number of neighbours the same accuracy wherever it stands in the list", () =>
    Effect.gen(function* () {
      const numbers = [1, 5, 20, 60]
      const alone = yield* Effect.forEach(numbers, (k) =>
        Effect.map(evaluated(somePixels).pipe(Effect.provide(knn(synthetic, [k]))), ([accuracy]) => accuracy!)
      )
      assert.isAbove(new Set(alone.map(({ value }) => value)).size, 1)
      for (const list of [
        [1, 5, 20, 60],
        [60, 20, 5, 1],
        [5, 60, 1, 20],
        [20, 60],
        [5, 60]
      ]) {
        const together = yield* evaluated(somePixels).pipe(Effect.provide(knn(synthetic, list)))
        assert.deepStrictEqual(
          together,
          list.map((k) => alone[numbers.indexOf(k)]!)
        )
      }
    })
  )

  it.effect("follows the nearest neighbour alone, whatever the k, where the temperature is near 0", () =>
    Effect.gen(function* () {
      for (const temperature of [1e-300, 1e-12]) {
        const [one, five, all] = yield* evaluated(somePixels).pipe(
          Effect.provide(knn(synthetic, [1, 5, 60], temperature))
        )
        assert.isAbove(one!.value, 0.4)
        assert.strictEqual(five!.value, one!.value)
        assert.strictEqual(all!.value, one!.value)
      }
    })
  )

  it.effect("fails where a representation is not a number, and elects nobody", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        evaluated((image_NHWC) => tf.fill([image_NHWC.shape[0], 4], Number.NaN) as tf.Tensor2D)
      )
      assert.strictEqual(error._tag, "TensorError")
      assert.include(error.message, "not finite")
    }).pipe(Effect.provide(knn(synthetic, [5])))
  )

  it.effect("is not built for images without labels, and says so", () =>
    Effect.gen(function* () {
      const unlabelled = Layer.effect(
        Dataset,
        Effect.map(Dataset, ({ train, ...rest }) =>
          Dataset.of({ ...rest, train: { ...train, labels: undefined } })
        )
      ).pipe(Layer.provide(synthetic))
      const error = yield* Effect.flip(Effect.provide(Evaluation, knn(unlabelled, [5])))
      assert.include(
        error.message,
        "train.labels = undefined: there are none, and this evaluation compares labels"
      )
    })
  )

  it.effect(
    "asks the bank's labels, where what is trained on has none, and never looks at these images",
    () =>
      Effect.gen(function* () {
        const unread = () => Effect.die("an image was read that is trained on")
        const apart = Layer.effect(
          Dataset,
          Effect.map(Dataset, ({ train, ...rest }) => {
            const bare = { ...train, classes: undefined, labels: undefined, read: unread }
            return Dataset.of({ ...rest, train: bare, bank: train })
          })
        ).pipe(Layer.provide(synthetic))
        const accuracyOf = (dataset: typeof synthetic) => Effect.provide(evaluated(), knn(dataset, [5]))
        assert.deepStrictEqual(yield* accuracyOf(apart), yield* accuracyOf(synthetic))
      })
  )

  it("lets one near neighbour outvote two far ones", () => {
    const labels = Uint8Array.of(1, 0, 0)
    const vote = (similarities: ReadonlyArray<number>, temperature: number) =>
      voteOfNeighbours(Int32Array.of(0, 1, 2), Float32Array.from(similarities), labels, temperature, 2)
    // exp(9) against exp(8) + exp(8): 1 : 0.74
    assert.strictEqual(vote([0.9, 0.8, 0.8], 0.1), 1)
    // the same similarities at temperature 1: exp(.9) against exp(.8) + exp(.8): 1 : 1.81
    assert.strictEqual(vote([0.9, 0.8, 0.8], 1), 0)
  })

  it("always names the only label that is there", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1 }),
        (label, similarities) => {
          const indices = Int32Array.from(similarities.keys())
          const labels = new Uint8Array(similarities.length).fill(label)
          assert.strictEqual(
            voteOfNeighbours(indices, Float32Array.from(similarities), labels, 0.1, 10),
            label
          )
        }
      )
    )
  })
})

const reversed = (set: LabelledSource): LabelledSource => ({
  ...set,
  labels: set.labels.slice().reverse(),
  read: (indices) => set.read(indices.map((index) => set.numImages - 1 - index))
})
