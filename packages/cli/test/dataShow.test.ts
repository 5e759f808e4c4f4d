import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { TensorLeak } from "@moco/core/testing"
import * as presets from "@moco/data/Augmentation/presets"
import * as Catalog from "@moco/data/Catalog"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { channelStatistics } from "@moco/data/Dataset/statistics"
import type { ImageSource } from "@moco/data/ImageSource"
import { recipes } from "@moco/train/recipes"
import { Effect } from "effect"
import sharp from "sharp"
import { describeRows } from "../src/commands/data/show/images.ts"
import { statisticsOf } from "../src/commands/data/show/statistics.ts"
import { augmentNames, numPairs, recipeOf, viewRows, viewsOf } from "../src/commands/data/show/views.ts"
import { runInProcess } from "./inProcess.ts"
import { photos } from "./photographs.ts"
import { assertPlainError, fresh } from "./program.ts"

/** A folder of `number` pictures of one colour each, two classes. */
const pictures = async (number: number) => {
  const root = join(fresh(), "..", "pictures")
  for (const folder of ["cats", "dogs"]) mkdirSync(join(root, folder), { recursive: true })
  for (let at = 0; at < number; at++) {
    const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, (_, offset) => (at * 7 + offset * 13) % 256)
    const bytes = await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } })
      .png()
      .toBuffer()
    writeFileSync(join(root, at % 2 === 0 ? "cats" : "dogs", `${at}.png`), bytes)
  }
  return root
}

const embedded = Effect.gen(function* () {
  const { train } = yield* Catalog.sourcesOf("fashion-mnist-10k", "test", [])
  return { name: "fashion-mnist-10k", train, statistics: yield* channelStatistics(train) }
})

describe("moco data show --augment", () => {
  it("draws pairs of views by the recipe for the images, or by a preset, in the size that is asked for", async () => {
    const data = await pictures(24)
    for (const [flags, words] of [
      [["--augment"], "views as in the recipe photos, 32 x 32 pixels, seed 1"],
      [["--augment=byolSecond", "--image-size=64"], "views by the preset byolSecond, 64 x 64 pixels, seed 1"]
    ] as const) {
      const out = `${fresh()}.png`
      const shown = await runInProcess("data", "show", `--data=${data}`, `--out=${out}`, ...flags)
      assert.strictEqual(shown.code, 0, shown.stderr)
      assert.include(shown.stdout, words)
      // Eight rows of an image and four pairs, beside their labels and below their headings.
      const { height, width } = await sharp(out).metadata()
      assert.deepStrictEqual([height, width], [34 + 18 + 20 + 8 * 68 - 4 + 16, 16 + 190 + 9 * 68 - 4 + 16])
    }
  })

  it("says of how many classes there is no row, in words and in the picture", async () => {
    const source = (numClasses: number, isLabelled = true) => ({
      classes: Array.from({ length: numClasses }, (_, label) => `class ${label}`),
      ...(isLabelled ? { labels: Int32Array.of(0) } : {})
    })
    const told = (...of: Parameters<typeof source>) => describeRows(source(...of) as unknown as ImageSource)
    assert.deepStrictEqual(told(100), ["20 of 100 classes are drawn, and 80 more are not"])
    assert.deepStrictEqual([told(20), told(100, false)], [[], []])
    const folders = Array.from({ length: 22 }, (_, place) => `class${place}`)
    const [data, out] = [await photos(folders, 1), `${fresh()}.png`]
    const { code, stderr, stdout } = await runInProcess("data", "show", `--data=${data}`, `--out=${out}`)
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, `${out}; 20 of 22 classes are drawn, and 2 more are not`)
  })

  it("refuses a preset that there is none of, and a size of what is not drawn", async () => {
    const unknown = await runInProcess("data", "show", "--augment=mocoV9")
    assert.strictEqual(unknown.code, 2)
    assertPlainError(unknown.stderr, "mocoV9", "mocoV2")
    const size = await runInProcess("data", "show", "--image-size=32")
    assert.strictEqual(size.code, 2)
    assertPlainError(size.stderr, "--image-size=32", "give --augment as well")
    const elsewhere = await runInProcess("data", "show", "--data=/photos", "--data-dir=/other")
    assert.strictEqual(elsewhere.code, 2)
    assertPlainError(elsewhere.stderr, "--data-dir=/other: nothing is read from it", "leave --data-dir away")
    const none = await runInProcess("data", "show", "--augment", "--image-size=0")
    assert.strictEqual(none.code, 2)
    assertPlainError(none.stderr, "image-size")
  })

  it("can draw by every preset, and by the recipe of every data set", () => {
    assert.deepStrictEqual(augmentNames.toSorted(), ["recipe", ...Object.keys(presets)].toSorted())
    for (const [name, settings] of Object.entries(presets)) {
      const views = viewsOf(name, recipes["imagenetV1"]!(), 96)
      assert.deepStrictEqual(views.settings, settings)
      assert.deepStrictEqual([views.whose, views.imageSize], [`by the preset ${name}`, 96])
    }
    const names = Object.fromEntries(Catalog.names.map((name) => [name, recipeOf(name)]))
    assert.strictEqual(names["cifar10"]!.recipe, "cifar10")
    assert.strictEqual(names["stl10-unlabelled"]!.recipe, "stl10")
    assert.strictEqual(names["fashion-mnist"]!.recipe, "fashionMnist")
    // No recipe is of these: one for images in gray, and one for images in colour.
    assert.deepStrictEqual([names["mnist"]!.recipe, names["stl10"]!.recipe], ["fashionMnist10k", "cifar10"])
    assert.deepStrictEqual([names["mnist"]!.data.imageSize, names["stl10"]!.data.imageSize], [28, 96])
  })

  it.effect(
    "gives the pixels back that a view was made of, in gray and in colour, and leaves no tensor behind",
    () =>
      Effect.gen(function* () {
        const inColour = yield* Effect.provide(
          Dataset,
          layerSynthetic({
            ...{ numTrain: 9, numTest: 1, height: 28, width: 28, channels: 3, numClasses: 2, seed: 1 }
          })
        )
        const statistics = { mean: [0.2, 0.5, 0.7], std: [0.1, 0.3, 0.5] }
        const whole = { min: 1, max: 1 }
        const still = {
          ...presets.mocoV2,
          cropScale: whole,
          cropRatio: whole,
          flip: 0,
          jitter: 0,
          blur: 0,
          gray: 0
        }
        const views = { settings: still, whose: "", seed: 1, imageSize: 28 }
        for (const shown of [yield* embedded, { ...inColour, statistics }]) {
          const rows = yield* TensorLeak.check(viewRows(shown, shown.statistics, views))
          assert.lengthOf(rows, 8)
          for (const { images } of rows) {
            assert.lengthOf(images, 1 + 2 * numPairs)
            const [first, ...others] = images.map(({ pixels_HWC }) => [...pixels_HWC])
            for (const other of others) assert.deepStrictEqual(other, first)
          }
        }
      }).pipe(Effect.provide(NodeServices.layer), Effect.scoped)
  )

  it.effect("draws the views of one seed once and again, another pair in every epoch", () =>
    Effect.gen(function* () {
      const { statistics, ...shown } = yield* embedded
      const drawn = (seed: number) =>
        viewRows(shown, statistics, { settings: presets.mocoV1, whose: "", seed, imageSize: 28 })
      const pixels = (rows: Effect.Success<ReturnType<typeof drawn>>) =>
        rows.map(({ images }) => images.map(({ pixels_HWC }) => String(pixels_HWC)))
      const [once, again, otherwise] = [
        pixels(yield* drawn(1)),
        pixels(yield* drawn(1)),
        pixels(yield* drawn(2))
      ]
      assert.deepStrictEqual(again, once)
      assert.notDeepEqual(otherwise, once)
      for (const row of once) assert.strictEqual(new Set(row).size, 1 + 2 * numPairs)
    }).pipe(Effect.provide(NodeServices.layer), Effect.scoped)
  )
})

describe("what moco data show tells of channels", () => {
  it("are their mean and deviation, one each", async () => {
    const gray = await runInProcess("data", "show", `--out=${fresh()}.png`)
    assert.strictEqual(gray.code, 0, gray.stderr)
    assert.match(gray.stdout, /channels, 0 to 1: mean 0\.28\d\d; standard deviation 0\.35\d\d\n/)
    const data = await pictures(8)
    const colours = await runInProcess("data", "show", `--data=${data}`, `--out=${fresh()}.png`)
    assert.match(
      colours.stdout,
      /mean 0\.\d{4}, 0\.\d{4}, 0\.\d{4}; standard deviation 0\.\d{4}, 0\.\d{4}, 0\.\d{4}\n/
    )
  })

  it.effect("are of some images where there are very many of different sizes, and says of how many", () =>
    Effect.gen(function* () {
      const { train } = yield* embedded
      const numRead: Array<number> = []
      const many = {
        ...train,
        numImages: 1_000_000,
        size: { kind: "mixed", sizeOf: undefined } as const,
        read: (indices: Int32Array) => {
          numRead.push(indices.length)
          return train.read(indices.map((index) => index % train.numImages))
        }
      }
      const { numSeen, statistics } = yield* statisticsOf({ train: many, statistics: undefined })
      assert.strictEqual(numSeen, 2000)
      assert.strictEqual(
        numRead.reduce((sum, count) => sum + count, 0),
        2000
      )
      assert.closeTo(statistics.mean[0]!, (yield* channelStatistics(train)).mean[0]!, 0.01)
    }).pipe(Effect.provide(NodeServices.layer), Effect.scoped)
  )
})
