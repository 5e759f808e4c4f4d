import { execFileSync } from "node:child_process"
import { existsSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { gunzipSync, gzipSync } from "node:zlib"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import type * as Catalog from "@moco/data/Catalog"
import { fashionMnist } from "@moco/data/Catalog/fashionMnist"
import { type Counts, type Part, partsOf, sizesOf } from "@moco/data/Catalog/heldBack"
import type { LabelledSource } from "@moco/data/Dataset"
import type { ImageSource } from "@moco/data/ImageSource"
import * as InMemory from "@moco/data/ImageSource/InMemory"
import { Effect, FileSystem } from "effect"
import { imagesOf } from "../imagesOf.ts"
import { images } from "./images.ts"

const [debianDir] = fashionMnist.place.systemDirs
const assets = new URL("../../assets/fashion-mnist/", import.meta.url).pathname
const embedded = (split: Catalog.EvaluationSplit) => images("fashion-mnist-10k", split, [])
const full = (searchDirs: ReadonlyArray<string>, split: Catalog.EvaluationSplit = "test") =>
  images("fashion-mnist", split, searchDirs)

const perClass = (...sets: ReadonlyArray<LabelledSource>) => {
  const counts = new Array<number>(10).fill(0)
  for (const set of sets) for (const label of set.labels) counts[label]!++
  return counts
}
const pixelSum = (set: ImageSource) =>
  imagesOf(set).reduce(
    (sum, { pixels_HWC }) => sum + pixels_HWC.reduce((total, value) => total + value, 0),
    0
  )

layer(NodeServices.layer)("fashion-mnist-10k", (it) => {
  it.effect(
    "holds the ten thousand published test images, 8,000 to train on and 2,000 to be evaluated on",
    () =>
      Effect.gen(function* () {
        const { name, test, train } = yield* embedded("test")
        assert.strictEqual(name, "fashion-mnist-10k")
        assert.deepStrictEqual([train.numImages, test.numImages], [8_000, 2_000])
        assert.deepStrictEqual(train.size, { kind: "fixed", height: 28, width: 28 })
        assert.strictEqual(train.provenance.licence, "MIT")
        assert.deepStrictEqual([train.labels.length, test.labels.length], [8_000, 2_000])
        assert.deepStrictEqual(perClass(train, test), new Array(10).fill(1_000))
        assert.deepStrictEqual([...train.labels.subarray(0, 10)], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7])
        assert.strictEqual(train.classes[train.labels[0]!], "Ankle boot")
      })
  )

  it.effect("splits only training images when a validation set judges", () =>
    Effect.gen(function* () {
      const final = yield* embedded("test")
      const tuning = yield* embedded("validation")
      // What is held back must not reach the inputs, not even by its mean.
      assert.closeTo(tuning.mean[0]!, pixelSum(tuning.train) / (784 * tuning.train.numImages) / 255, 1e-12)
      assert.deepStrictEqual([tuning.train.numImages, tuning.test.numImages], [7_000, 1_000])
      assert.deepStrictEqual([...tuning.train.labels, ...tuning.test.labels], [...final.train.labels])
      assert.strictEqual(pixelSum(tuning.train) + pixelSum(tuning.test), pixelSum(final.train))
    })
  )

  it.effect("normalises with the statistics of the images it trains on", () =>
    Effect.gen(function* () {
      const { mean, std, train } = yield* embedded("test")
      assert.closeTo(mean[0]!, pixelSum(train) / (784 * train.numImages) / 255, 1e-12)
      assert.closeTo(std[0]!, 0.3524, 5e-5)
    })
  )
})

layer(NodeServices.layer)("fashion-mnist", (it) => {
  const counts: Counts = { train: 60_000, test: 10_000, kept: 50_000 }
  /** Images of a pixel, numbered from 0 in each part; `asked` is for how many images a part has. */
  const numbered = (asked: Array<number>) => (parts: ReadonlyArray<Part>) =>
    Effect.forEach(parts, (part) =>
      Effect.sync(() => {
        const numImages = counts[part]
        asked.push(numImages)
        const pixels_NHWC = Uint8Array.from({ length: numImages }, (_, index) => index % 251)
        const labels = Int32Array.from(pixels_NHWC.keys())
        return InMemory.unchecked(
          { pixels_NHWC, labels, numImages, height: 1, width: 1, channels: 1 },
          {
            classes: undefined,
            provenance: { name: "numbered", sha256: {}, from: "a test", licence: undefined }
          }
        )
      })
    )

  it.effect("is evaluated on the published test images", () =>
    Effect.gen(function* () {
      const asked: Array<number> = []
      const { test, train } = yield* partsOf("test", counts, numbered(asked))
      assert.deepStrictEqual(asked, [60_000, 10_000])
      assert.deepStrictEqual([train.numImages, test?.numImages], [60_000, 10_000])
    })
  )

  it.effect("holds back the last training images for validation, and asks for no test image then", () =>
    Effect.gen(function* () {
      const asked: Array<number> = []
      const { test, train } = yield* partsOf("validation", counts, numbered(asked))
      assert.deepStrictEqual(asked, [60_000])
      const sizes = { train: train.numImages, evaluation: test?.numImages }
      assert.deepStrictEqual(sizes, fashionMnist.numImages.validation)
      assert.deepStrictEqual(sizesOf(counts), fashionMnist.numImages)
      assert.deepStrictEqual([train.labels?.at(0), train.labels?.at(-1)], [0, 49_999])
      assert.deepStrictEqual([test?.labels?.at(0), test?.labels?.at(-1)], [50_000, 59_999])
    })
  )

  it.effect("says which file is missing, where it was looked for and how to get it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(full(["/nowhere", "/neither"]))
      assert.strictEqual(error._tag, "DatasetMissing")
      assert.strictEqual(
        error.message,
        "fashion-mnist: train-images-idx3-ubyte.gz was not found (searched: /nowhere, /neither)\n" +
          "  install it with: npx moco data fetch fashion-mnist\n" +
          "  or apt-get install dataset-fashion-mnist\n" +
          "  or put the four IDX files (.gz or not) into a folder and name it with --data-dir"
      )
    })
  )

  const other = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0)
  for (const [damage, name, bytes, actual] of [
    ["other bytes", "train-images-idx3-ubyte", other, /^[0-9a-f]{64}$/],
    ["other bytes, compressed", "train-images-idx3-ubyte.gz", gzipSync(other), /^[0-9a-f]{64}$/],
    [
      "a broken archive",
      "train-images-idx3-ubyte.gz",
      gzipSync(new Uint8Array(99)).subarray(0, 20),
      /^not known \(gzip: unexpected end of file\)$/
    ],
    [
      "an archive that grows too large",
      "train-images-idx3-ubyte.gz",
      gzipSync(new Uint8Array(48_000_000)),
      /^not known \(decompresses to more than 47040016 bytes\)$/
    ]
  ] as const) {
    it.effect(`refuses a file of ${damage}`, () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const dir = yield* fileSystem.makeTempDirectoryScoped()
        yield* fileSystem.writeFile(`${dir}/${name}`, bytes)
        const error = yield* Effect.flip(full([dir]))
        if (error._tag !== "DatasetCorrupt") return assert.fail(error.message)
        assert.strictEqual(error.file, `${dir}/${name}`)
        assert.match(error.expected, /^c59f468a/)
        assert.match(error.actual, actual)
      })
    )
  }

  it.effect("reports a file that cannot be read as such", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const dir = yield* fileSystem.makeTempDirectoryScoped()
      yield* fileSystem.makeDirectory(`${dir}/train-images-idx3-ubyte`)
      const error = yield* Effect.flip(full([dir]))
      assert.strictEqual(error._tag, "DatasetUnreadable")
    })
  )

  for (const [kind, make] of [
    ["a pipe", (path: string) => execFileSync("mkfifo", [path])],
    ["a device, by a link", (path: string) => symlinkSync("/dev/zero", path)],
    [
      "far too large",
      (path: string) => {
        writeFileSync(path, "")
        truncateSync(path, 2 ** 40)
      }
    ]
  ] as const) {
    it.effect(`refuses what is ${kind} at once, and names it`, () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const dir = yield* fileSystem.makeTempDirectoryScoped()
        make(`${dir}/train-images-idx3-ubyte.gz`)
        const error = yield* Effect.flip(full([dir]))
        assert.strictEqual(error._tag, "DatasetUnreadable")
        assert.include(error.message, `${dir}/train-images-idx3-ubyte.gz cannot be read: it `)
        assert.match(error.message, /no regular file|are read at most/)
      })
    )
  }

  it.effect.skipIf(!existsSync(debianDir))("reads Debian's package, and raw files just the same", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const dir = yield* fileSystem.makeTempDirectoryScoped()
      const compressed = yield* fileSystem.readFile(`${assets}t10k-images-idx3-ubyte.gz`)
      yield* fileSystem.writeFile(`${dir}/t10k-images-idx3-ubyte`, gunzipSync(compressed))
      const { mean, name, std, test, train } = yield* full([dir, debianDir])
      assert.strictEqual(name, "fashion-mnist")
      assert.deepStrictEqual([train.numImages, test.numImages], [60_000, 10_000])
      assert.deepStrictEqual(perClass(train), new Array(10).fill(6_000))
      // The constants that are published for the 60,000 images.
      assert.closeTo(mean[0]!, 0.286, 5e-5)
      assert.closeTo(std[0]!, 0.353, 5e-5)
      const small = yield* embedded("test")
      assert.strictEqual(pixelSum(test), pixelSum(small.train) + pixelSum(small.test))
    })
  )

  it.effect.skipIf(!existsSync(debianDir))("holds back 10,000 training images for validation", () =>
    Effect.gen(function* () {
      const { test, train } = yield* full([debianDir], "validation")
      assert.deepStrictEqual([train.numImages, test.numImages], [50_000, 10_000])
      assert.deepStrictEqual(perClass(train, test), new Array(10).fill(6_000))
    })
  )
})
