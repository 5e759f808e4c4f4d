import { assert, describe, it } from "@effect/vitest"
import { Dataset, type LabelledDataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import type { ImageSource } from "@moco/data/ImageSource"
import { Effect } from "effect"
import { imagesOf, pixelsOf } from "../imagesOf.ts"

const settings = { numTrain: 60, numTest: 40, height: 9, width: 7, channels: 3, numClasses: 4, seed: 1 }
const synthetic = (changes: Partial<typeof settings> = {}) =>
  Effect.provide(Dataset.labelled, layerSynthetic({ ...settings, ...changes }))

const image = (source: ImageSource, index: number) => imagesOf(source, [index])[0]!.pixels_HWC

const squaredDistance = (a: Uint8Array, b: Uint8Array) =>
  a.reduce((sum, value, offset) => sum + (value - b[offset]!) ** 2, 0)

/** Share of test images whose nearest training image has their class. */
const nearestNeighbourAccuracy = ({ test, train }: LabelledDataset) => {
  const hits = Array.from(test.labels).filter((label, index) => {
    const distances = Array.from(train.labels, (_, other) =>
      squaredDistance(image(test, index), image(train, other))
    )
    return train.labels[distances.indexOf(Math.min(...distances))] === label
  })
  return hits.length / test.numImages
}

describe("Dataset/Synthetic", () => {
  it.effect("has the sizes asked for, and classes in turn", () =>
    Effect.gen(function* () {
      const { input, mean, std, test, train } = yield* synthetic()
      assert.deepStrictEqual([train.numImages, test.numImages, train.classes.length], [60, 40, 4])
      assert.strictEqual(pixelsOf(train).length, 60 * 9 * 7 * 3)
      assert.deepStrictEqual(input, { height: 9, width: 7, channels: 3 })
      assert.deepStrictEqual([...train.labels.subarray(0, 6)], [0, 1, 2, 3, 0, 1])
      assert.deepStrictEqual([mean.length, std.length], [3, 3])
    })
  )

  it.effect("is the same for the same seed and another one for another seed", () =>
    Effect.gen(function* () {
      const first = yield* synthetic()
      const again = yield* synthetic()
      assert.deepStrictEqual(pixelsOf(again.train), pixelsOf(first.train))
      assert.deepStrictEqual(again.train.labels, first.train.labels)
      assert.notDeepEqual(pixelsOf((yield* synthetic({ seed: 2 })).train), pixelsOf(first.train))
    })
  )

  it.effect("gives image i the same pixels whether it is for training or for testing", () =>
    Effect.gen(function* () {
      const { test } = yield* synthetic()
      const { train } = yield* synthetic({ numTrain: 100 })
      assert.deepStrictEqual(image(train, 60), image(test, 0))
    })
  )

  it.effect("has classes that can be told apart and images that differ within a class", () =>
    Effect.gen(function* () {
      const dataset = yield* synthetic()
      assert.isAtLeast(nearestNeighbourAccuracy(dataset), 0.9)
      assert.isAbove(squaredDistance(image(dataset.train, 0), image(dataset.train, 4)), 0)
    })
  )

  it.effect("gives mean and standard deviation of every channel", () =>
    Effect.gen(function* () {
      const { mean, std, train } = yield* synthetic()
      for (const channel of [0, 1, 2]) {
        const values = [...pixelsOf(train)].filter((_, offset) => offset % 3 === channel).map((v) => v / 255)
        const expected = values.reduce((sum, value) => sum + value, 0) / values.length
        const variance = values.reduce((sum, value) => sum + (value - expected) ** 2, 0) / values.length
        assert.closeTo(mean[channel]!, expected, 1e-12)
        assert.closeTo(std[channel]!, Math.sqrt(variance), 1e-12)
      }
    })
  )
})
