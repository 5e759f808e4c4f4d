import { assert, describe, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { QueryEncoder } from "@moco/core/Encoder"
import { LinearNetwork } from "@moco/core/testing"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { colourHistogram } from "@moco/evaluation/colourHistogram"
import { baselines } from "@moco/evaluation/subjects"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"

const statistics = { mean: [0.5, 0.25, 0], std: [0.25, 0.5, 1] }

/** The histogram of images whose pixels are given in 0..1, normalised as an encoder sees them. */
const histogramOf = (pixel_NHWC: ReadonlyArray<number>, shape: [number, number, number, 3]) =>
  tf.tidy(() => {
    const { mean, std } = statistics
    const normalised = pixel_NHWC.map((value, at) => (value - mean[at % 3]!) / std[at % 3]!)
    return colourHistogram(statistics)(tf.tensor4d(normalised, shape)).arraySync()
  })

/** The bins that hold anything, as `bin: value`. */
const filled = (row: ReadonlyArray<number>) =>
  Object.fromEntries(row.flatMap((value, bin) => (value === 0 ? [] : [[bin, value]])))

describe("a histogram of colours", () => {
  layer(Backend.layerTensorflow({ threads: 1 }))((it) => {
    it.effect("counts a channel's values in 16 bins, as square roots, wherever they are", () =>
      Effect.sync(() => {
        const [black, red, white] = [
          [0, 0, 0],
          [0.9, 0.55, 0.05],
          [1, 1, 1]
        ] as const
        for (const order of [
          [black, red, black, white],
          [white, black, black, red]
        ]) {
          const [row] = histogramOf(order.flat(), [1, 2, 2, 3])
          assert.deepStrictEqual(filled(row!), {
            ...{ 0: Math.fround(Math.SQRT2), 14: 1, 15: 1 },
            ...{ 16: Math.fround(Math.SQRT2), 24: 1, 31: 1 },
            ...{ 32: Math.fround(Math.sqrt(3)), 47: 1 }
          })
        }
      })
    )

    const image = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 })

    it.effect("is each image's own, and of one length for images of one size", () =>
      Effect.sync(() =>
        fc.assert(
          fc.property(image, image, (a, b) => {
            const both = histogramOf([...a, ...b], [2, 2, 2, 3])
            assert.deepStrictEqual(both, [...histogramOf(a, [1, 2, 2, 3]), ...histogramOf(b, [1, 2, 2, 3])])
            for (const row of both) assert.approximately(Math.hypot(...row), Math.sqrt(12), 1e-5)
          })
        )
      )
    )

    const subjectsOf = (channels: number) =>
      Effect.map(baselines, (all) => all.map(({ subject }) => subject)).pipe(
        Effect.provide(
          QueryEncoder.layer(LinearNetwork.linear(channels * 36, 4), 1).pipe(
            Layer.provideMerge(
              layerSynthetic({
                ...{ numTrain: 4, numTest: 4, height: 6, width: 6, channels, numClasses: 2, seed: 1 }
              })
            )
          )
        )
      )

    it.effect("is a baseline of images in colour, and of no others", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* subjectsOf(3), ["raw pixels", "colour histogram", "untrained encoder"])
        for (const channels of [1, 4])
          assert.deepStrictEqual(yield* subjectsOf(channels), ["raw pixels", "untrained encoder"])
      })
    )
  })
})
