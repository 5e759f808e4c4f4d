import { assert, describe, it } from "@effect/vitest"
import { assertClose } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { firstOwnView } from "@moco/data/AugmentationPlan"
import { jackknifeInterval } from "@moco/evaluation/bootstrap"
import * as Pretext from "@moco/evaluation/Evaluation/Pretext"
import { evaluationOf } from "@moco/evaluation/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import {
  around,
  distance,
  drawnRows,
  lookedUp,
  meanOf,
  measuredOf,
  product,
  type Rows,
  rowsAsImages,
  unit,
  valuesOf
} from "./rowsAsImages.ts"

const layer = Pretext.layer({ everyEpochs: 1, numImages: 100 })
const train = { rows: drawnRows(3, 2), labels: [] }

/** View v of image n is row n of `views[v]`. */
const measuredOfViews = (views: readonly [Rows, Rows]) => {
  const { dataset } = rowsAsImages({ train, test: { rows: views[0], labels: [] } })
  const named = (images: ReadonlyArray<{ readonly pixels_HWC: Uint8Array }>, view: (at: number) => number) =>
    tf.div(
      tf.tensor4d(
        images.flatMap(({ pixels_HWC: [, high, low] }, at) => [view(at), high!, low!]),
        [images.length, 1, 3, 1]
      ),
      255
    ) as tf.Tensor4D
  const augmentation = Layer.succeed(
    Augmentation,
    Augmentation.of({
      views: (images, keys) => named(images, (at) => keys[at]!.view - firstOwnView),
      normalize: (images) => named(images, () => 0)
    })
  )
  return evaluationOf({ subject: "views", represent: lookedUp(views) }).pipe(
    Effect.provide(Layer.provideMerge(layer, around(dataset, augmentation)))
  )
}

describe("Pretext", () => {
  it.effect("has alignment 0 and positive similarity 1 where both views are the same", () =>
    Effect.gen(function* () {
      const found = yield* measuredOf(layer, { train, test: { rows: drawnRows(40, 5), labels: [] } })
      const values = valuesOf(found)
      assert.closeTo(values["alignment (alpha = 2)"]!, 0, 1e-12)
      assert.closeTo(values["positive similarity"]!, 1, 1e-6)
      const { counts } = found[2]!.distribution!
      assert.strictEqual(counts.at(-1), 40)
    })
  )

  it.effect("is what the formulas give for views that differ, in float64", () =>
    Effect.gen(function* () {
      const [first, second] = [drawnRows(30, 4, 1), drawnRows(30, 4, 2)]
      const views = [
        first,
        first.map((row, n) => row.map((value, at) => value + second[n]![at]! / 2))
      ] as const
      const [x, y] = [views[0].map(unit), views[1].map(unit)]
      const pairs = x.flatMap((a, n) => x.slice(n + 1).map((b) => Math.exp(-2 * distance(a, b) ** 2)))
      const negatives = x.flatMap((a, n) =>
        Array.from({ length: 16 }, (_, shift) => product(a, y[(n + shift + 1) % 30]!))
      )
      const found = yield* measuredOfViews(views)
      assertClose(
        found.map(({ value }) => value),
        [
          meanOf(x.map((a, n) => distance(a, y[n]!) ** 2)),
          Math.log(meanOf(pairs)),
          meanOf(x.map((a, n) => product(a, y[n]!))),
          meanOf(negatives)
        ],
        1e-5
      )
      const [, , positive, negative] = found
      assert.strictEqual(total(positive!.distribution!.counts), 30)
      assert.strictEqual(total(negative!.distribution!.counts), 30 * 16)
    })
  )

  it.effect("says of how many images each value is, and where it would lie with others of them", () =>
    Effect.gen(function* () {
      const [first, second] = [drawnRows(30, 4, 1), drawnRows(30, 4, 2)]
      const [x, y] = [first.map(unit), second.map(unit)]
      const found = yield* measuredOfViews([first, second])
      for (const { interval, metric, numImages, value } of found) {
        assert.strictEqual(numImages, 30, metric)
        assert.isTrue(interval!.low < value && value < interval!.high, metric)
      }
      /** By looking at the pairs anew without each image. */
      const slowly = (ofPairs: (rows: Int32Array) => number) => jackknifeInterval(ofPairs, 30, { groups: 30 })
      const uniform = slowly((rows) =>
        Math.log(
          meanOf(
            [...rows].flatMap((a, at) =>
              [...rows.slice(at + 1)].map((b) => Math.exp(-2 * distance(x[a]!, x[b]!) ** 2))
            )
          )
        )
      )
      const negative = slowly((rows) =>
        meanOf(
          [...rows].flatMap((a) =>
            [...rows].filter((b) => a !== b && (b - a + 30) % 30 <= 16).map((b) => product(x[a]!, y[b]!))
          )
        )
      )
      assertClose([found[1]!.interval!.low, found[1]!.interval!.high], [uniform.low, uniform.high], 1e-5)
      assertClose([found[3]!.interval!.low, found[3]!.interval!.high], [negative.low, negative.high], 1e-5)
    })
  )

  it.effect("has a uniformity of 0 where the representation has collapsed", () =>
    Effect.gen(function* () {
      const rows = new Array<Rows[number]>(20).fill([1, 2, 2])
      const values = valuesOf(yield* measuredOf(layer, { train, test: { rows, labels: [] } }))
      assertClose([values["uniformity (t = 2)"]!, values["negative similarity"]!], [0, 1], 1e-5)
    })
  )

  it.effect("looks at images of training where there are no others, at one as at many", () =>
    Effect.gen(function* () {
      const rows = drawnRows(1, 3)
      const found = yield* measuredOf(layer, { train: { rows, labels: [] } })
      assertClose(
        found.map(({ value }) => value),
        [0, 0, 1, 0],
        1e-6
      )
      for (const { protocol } of found) assert.include(protocol, "up to 100 training images")
    })
  )
})

const total = (counts: ReadonlyArray<number>) => counts.reduce((sum, count) => sum + count, 0)
