import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { assertClose, TensorLeak, tinyResNet } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as Embedding from "@moco/evaluation/Embedding"
import { Inspection } from "@moco/evaluation/Inspection"
import { comparedIn, confusionOf } from "@moco/evaluation/Inspection/confusion"
import { inspect } from "@moco/evaluation/Inspection/inspect"
import { nearestOthers } from "@moco/evaluation/Inspection/neighbours"
import { principalComponents } from "@moco/evaluation/Inspection/pca"
import { filterImages, unnormalised } from "@moco/evaluation/Inspection/sprites"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema, type Scope } from "effect"
import { around, drawnRows, inTurn, oneHot, product, rowsAsImages, unit } from "./rowsAsImages.ts"

const tensorflow = Backend.layerTensorflow({ threads: 2 })
const onTensorflow = (test: () => void) =>
  Effect.andThen(
    Backend,
    Effect.sync(() => tf.tidy(test))
  ).pipe(Effect.provide(tensorflow))

describe("Principal components", () => {
  it("are those of a matrix whose singular value decomposition is known", () => {
    // Rows (+-3, 0) and (0, +-1), turned by 30 degrees and moved: singular values 3 sqrt(2) and sqrt(2).
    const [cosine, sine] = [Math.sqrt(3) / 2, 0.5]
    const flat = [
      [3, 0],
      [-3, 0],
      [0, 1],
      [0, -1]
    ] as const
    const turned = flat.flatMap(([x, y]) => [cosine * x - sine * y + 7, sine * x + cosine * y - 2])
    const { explained, points } = principalComponents(Float32Array.from(turned), 2)
    assertClose(explained, [0.9, 0.1], 1e-6)
    // The largest weights are positive: axes (0.87, 0.5) and (-0.5, 0.87).
    assertClose(points.flat(), flat.flat(), 1e-5)
  })

  it("are the same again", () => {
    const rows = Float32Array.from(drawnRows(40, 6).flat())
    assert.deepStrictEqual(principalComponents(rows, 6), principalComponents(rows, 6))
  })

  it("are nothing where rows do not differ, and one where they have one dimension", () => {
    const same = principalComponents(new Float32Array(15).fill(2), 3)
    assert.deepStrictEqual(same.explained, [0, 0])
    assertClose(same.points.flat(), new Array(10).fill(0), 1e-12)
    const line = principalComponents(Float32Array.of(1, 2, 6), 1)
    assertClose(line.points.flat(), [-2, 0, -1, 0, 3, 0], 1e-6)
    assert.deepStrictEqual(line.explained, [1, 0])
  })
})

describe("The nearest others", () => {
  it.effect("are those that a search of all cosines in float64 finds, and never the row itself", () =>
    onTensorflow(() => {
      const rows = drawnRows(40, 5)
      const queries = [0, 7, 39]
      const found = nearestOthers(tf.tensor2d(rows.map((row) => [...row])), queries, 6)
      queries.forEach((query, at) => {
        const expected = rows
          .map((row, other) => ({ other, near: product(unit(rows[query]!), unit(row)) }))
          .filter(({ other }) => other !== query)
          .toSorted((a, b) => b.near - a.near)
          .slice(0, 6)
        assert.deepStrictEqual(
          [...found[at]!.rows],
          expected.map(({ other }) => other)
        )
        assertClose(
          found[at]!.similarities,
          expected.map(({ near }) => near),
          1e-5
        )
      })
    })
  )

  it.effect("are all others where there are fewer, and none of one row", () =>
    onTensorflow(() => {
      const [three] = nearestOthers(
        tf.tensor2d([
          [1, 0],
          [1, 1],
          [0, 1]
        ]),
        [0],
        8
      )
      assert.deepStrictEqual([...three!.rows], [1, 2])
      const [one] = nearestOthers(tf.tensor2d([[1, 0]]), [0], 8)
      assert.lengthOf(one!.rows, 0)
    })
  )
})

describe("Pictures", () => {
  it.effect("have the pixels that were normalised, and those beyond black and white at them", () =>
    onTensorflow(() => {
      const statistics = { mean: [0.5, 0.25], std: [0.2, 0.1] }
      const pixels = [10, 200, 0, 255]
      const normal = pixels.map(
        (pixel, at) => (pixel / 255 - statistics.mean[at % 2]!) / statistics.std[at % 2]!
      )
      const [image] = unnormalised(tf.tensor4d(normal, [1, 1, 2, 2]), statistics)
      assert.deepStrictEqual([...image!.pixels_HWC], pixels)
      const [bright] = unnormalised(tf.tensor4d([99, -99], [1, 1, 1, 2]), statistics)
      assert.deepStrictEqual([...bright!.pixels_HWC], [255, 0])
    })
  )

  it.effect("of filters go from the least weight to the largest, and are black where none differs", () =>
    onTensorflow(() => {
      // Two filters of 1 x 2 weights: (-1, 3) and (5, 5).
      const [first, second] = filterImages(tf.tensor4d([-1, 5, 3, 5], [1, 2, 1, 2]))
      assert.deepStrictEqual([...first!.pixels_HWC], [0, 255])
      assert.deepStrictEqual([...second!.pixels_HWC], [0, 0])
    })
  )
})

describe("An inspection", () => {
  const inspected = (numTest: number) =>
    TensorLeak.check(inspect(3)).pipe(
      Effect.provide(
        Layer.mergeAll(
          QueryEncoder.layer(ResNet.make(tinyResNet, 1), 1),
          ViewPairs.layer({ seed: 1, batchSize: 8 })
        ).pipe(
          Layer.provideMerge(Augmentation.layerNone),
          Layer.provideMerge(
            layerSynthetic({
              numTrain: 40,
              numTest,
              height: 8,
              width: 8,
              channels: 1,
              numClasses: 4,
              seed: 4
            })
          ),
          Layer.provideMerge(tensorflow)
        )
      )
    )

  it.effect("shows every image that is evaluated once, with its class, and who is taken for whom", () =>
    Effect.gen(function* () {
      const { inspection, pictures } = yield* inspected(30)
      const { confusion, filters, images, map, neighbours, pairs, step } = inspection
      assert.deepStrictEqual([step, images.part, images.numImages], [3, "test", 30])
      assert.deepStrictEqual(
        map.points.map(({ image }) => image).toSorted((a, b) => a - b),
        Array.from({ length: 30 }, (_, image) => image)
      )
      for (const { image, label } of map.points) assert.strictEqual(label, image % 4)
      assert.lengthOf(
        map.points.filter(({ umap }) => umap !== undefined),
        30
      )
      assert.deepStrictEqual(
        confusion!.counts.map((row) => row.reduce((sum, count) => sum + count, 0)),
        [8, 8, 7, 7]
      )
      for (const { found, image } of neighbours.queries) {
        assert.lengthOf(found, 8)
        assert.notInclude(
          found.map((other) => other.image),
          image
        )
      }
      assert.strictEqual(neighbours.pictures.count, 16 * 9)
      assert.strictEqual(pairs.count, 2 * 8)
      assert.strictEqual(filters!.count, tinyResNet.width)
      assert.deepStrictEqual(
        pictures.map(({ sprite }) => sprite.file),
        ["thumbnails.webp", "neighbours.webp", "pairs.webp", "filters.webp"]
      )
      for (const { bytes } of pictures) assert.strictEqual(String.fromCharCode(...bytes.slice(8, 12)), "WEBP")
      const json = Schema.fromJsonString(Inspection)
      assert.deepStrictEqual(Schema.decodeSync(json)(Schema.encodeSync(json)(inspection)), inspection)
    })
  )

  it.effect("is there of one image, too", () =>
    Effect.gen(function* () {
      const { inspection } = yield* inspected(1)
      assert.lengthOf(inspection.map.points, 1)
      assert.deepStrictEqual(
        inspection.neighbours.queries.map(({ found }) => found),
        [[]]
      )
    })
  )
})

describe("The table of what is taken for what", () => {
  const labels = { train: inTurn(60, 3), test: inTurn(30, 3) }
  /** Rows that tell their class; those of the images to evaluate on tell the next one's. */
  const { dataset, represent } = rowsAsImages({
    train: { rows: oneHot(labels.train, 3), labels: labels.train },
    test: {
      rows: oneHot(
        labels.test.map((label) => (label + 1) % 3),
        3
      ),
      labels: labels.test
    },
    numClasses: 3
  })
  const ofRows = <A, E>(use: Effect.Effect<A, E, Backend | Dataset | Augmentation | Scope.Scope>) =>
    Effect.scoped(use).pipe(Effect.provide(around(dataset)))

  it.effect("is of all images where they are few, and else of as large a share of both parts", () =>
    ofRows(
      Effect.gen(function* () {
        const whole = yield* Dataset.labelled
        const numCompared = (height: number, width: number) => {
          const { test, train } = comparedIn({ ...whole, input: { height, width, channels: 3 } })
          assert.isTrue([...new Set(test)].every((image) => image < 30))
          return [new Set(train).size, new Set(test).size]
        }
        assert.deepStrictEqual(numCompared(32, 32), [60, 30])
        // 102,400,000 pixels are 25 images of 2,000 x 2,048.
        assert.deepStrictEqual(numCompared(2000, 2048), [16, 8])
        assert.deepStrictEqual(numCompared(10 ** 5, 10 ** 5), [1, 1])
      })
    )
  )

  it.effect("is of the images that it names, and says of how many", () =>
    ofRows(
      Effect.gen(function* () {
        const whole = yield* Dataset.labelled
        const embedding = yield* Embedding.open({ subject: "rows", representation: "rows", represent })
        const train = Array.from({ length: 20 }, (_, at) => 59 - at)
        const { counts, protocol } = yield* confusionOf(embedding, whole, { train, test: [5, 29, 2, 3] })
        // Images 2, 5 and 29 are of class 2, which is taken for class 0; image 3 is of class 0.
        assert.deepStrictEqual(counts, [
          [0, 1, 0],
          [0, 0, 0],
          [3, 0, 0]
        ])
        assert.include(protocol, "4 of 30 evaluated images, among 20 of 60 of training")
        const all = yield* confusionOf(embedding, whole, comparedIn(whole))
        assert.deepStrictEqual(all.counts, [
          [0, 10, 0],
          [0, 0, 10],
          [10, 0, 0]
        ])
        assert.notInclude(all.protocol, "of training")
      })
    )
  )
})
