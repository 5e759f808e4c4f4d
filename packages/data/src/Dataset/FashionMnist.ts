import { createHash } from "node:crypto"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Layer, Option, Path } from "effect"
import {
  Dataset,
  DatasetCorrupt,
  DatasetMissing,
  DatasetUnreadable,
  type ImageSet,
  slice
} from "../Dataset.ts"
import * as Idx from "../Idx.ts"
import { channelStatistics } from "./statistics.ts"

/**
 * Fashion-MNIST (Xiao, Rasul, Vollgraf 2017; Zalando SE, MIT): 70,000 gray images of 28 x 28 in ten classes.
 */

/** Class names in the order of the labels. */
export const classes: ReadonlyArray<string> = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot"
]

/** What an encoder is judged by: the test images, or, while choosing settings, images held back from training. */
export type Judge = "test" | "validation"

interface SourceFile {
  readonly name: string
  /** Of the decompressed file. */
  readonly sha256: string
  /** Of the decompressed file. */
  readonly numBytes: number
}

const file = (name: string, numBytes: number, sha256: string): SourceFile => ({ name, numBytes, sha256 })

/** The published files; Debian's `dataset-fashion-mnist` holds the same bytes. */
const published = {
  trainImages: file(
    "train-images-idx3-ubyte",
    16 + 60_000 * 784,
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
  ),
  trainLabels: file(
    "train-labels-idx1-ubyte",
    8 + 60_000,
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
  ),
  testImages: file(
    "t10k-images-idx3-ubyte",
    16 + 10_000 * 784,
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
  ),
  testLabels: file(
    "t10k-labels-idx1-ubyte",
    8 + 10_000,
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
  )
}

const fullName = "fashion-mnist"
const installHint =
  "install it with: apt-get install dataset-fashion-mnist\n  or put the four IDX files (.gz or not) into a folder and name it with --data-dir"

/** Debian's folder of the package `dataset-fashion-mnist`. */
const debianDir = "/usr/share/datasets/fashion-mnist"

/**
 * The folders in which the full set is looked for, in order: the one that the user has named (itself, or its
 * `fashion-mnist`) and no other, else the cache's `data/fashion-mnist`, Debian's.
 */
export const defaultSearchDirs = Effect.fnUntraced(function* (options: {
  readonly dataDir?: string | undefined
  readonly cacheDir?: string | undefined
}) {
  const path = yield* Path.Path
  const { cacheDir, dataDir } = options
  // Who names a folder means that one, and not another where the files happen to be.
  if (dataDir !== undefined) return [dataDir, path.join(dataDir, fullName)]
  return [...(cacheDir === undefined ? [] : [path.join(cacheDir, "data", fullName)]), debianDir]
})

/** Where a file of the full set was found; nothing is read but folders. */
export interface FoundFile {
  readonly file: string
  readonly path: Option.Option<string>
}

/** Says for each file of the full set which path would be read. It is not checked here whether its bytes are right. */
export const find = Effect.fn("FashionMnist.find")(function* (searchDirs: ReadonlyArray<string>) {
  return yield* Effect.forEach(Object.values(published), ({ name }) =>
    Effect.map(locate(name, searchDirs), (path): FoundFile => ({ file: name, path }))
  )
})

/**
 * The ten thousand images that come with this package (the published test set), split by index: 8,000 to train on
 * and 2,000 to be judged by. With `validation` the 2,000 stay untouched and the 8,000 are split 7,000 / 1,000.
 *
 * **Gotchas** Figures on this split are not comparable with published ones, which have 60,000 training images.
 */
export const layerEmbedded = (options: { readonly judge: Judge }) =>
  Layer.effect(
    Dataset,
    Effect.gen(function* () {
      const path = yield* Path.Path
      const folder = yield* Effect.orDie(
        path.fromFileUrl(new URL("../../assets/fashion-mnist", import.meta.url))
      )
      const all = yield* readPair("fashion-mnist-10k", published.testImages, published.testLabels, [folder])
      const train = slice(all, 0, 8_000)
      const test = slice(all, 8_000, 10_000)
      return describe("fashion-mnist-10k", options.judge, train, test, 7_000)
    })
  )

/**
 * The full set: 60,000 to train on and 10,000 to be judged by; with `validation` the 60,000 are split
 * 50,000 / 10,000. Needs the four files in `searchDirs`, see {@link defaultSearchDirs}.
 */
export const layerFull = (options: { readonly judge: Judge; readonly searchDirs: ReadonlyArray<string> }) =>
  Layer.effect(
    Dataset,
    Effect.gen(function* () {
      const { judge, searchDirs } = options
      const train = yield* readPair(fullName, published.trainImages, published.trainLabels, searchDirs)
      const test = yield* readPair(fullName, published.testImages, published.testLabels, searchDirs)
      return describe(fullName, judge, train, test, 50_000)
    })
  )

const describe = (name: string, judge: Judge, train: ImageSet, test: ImageSet, numKept: number) => {
  const kept = judge === "test" ? train : slice(train, 0, numKept)
  return Dataset.of({
    name,
    classes,
    train: kept,
    test: judge === "test" ? test : slice(train, numKept, train.numImages),
    ...channelStatistics(kept)
  })
}

/** The first of `name.gz` and `name` in the first folder that has one. */
const locate = Effect.fnUntraced(function* (name: string, searchDirs: ReadonlyArray<string>) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const candidates = searchDirs.flatMap((dir) => [path.join(dir, `${name}.gz`), path.join(dir, name)])
  return yield* Effect.findFirst(candidates, (candidate) =>
    Effect.orElseSucceed(fileSystem.exists(candidate), () => false)
  )
})

const readPair = Effect.fnUntraced(function* (
  dataset: string,
  imageFile: SourceFile,
  labelFile: SourceFile,
  searchDirs: ReadonlyArray<string>
) {
  const images = yield* readFile(dataset, imageFile, searchDirs)
  const labels = yield* readFile(dataset, labelFile, searchDirs)
  const [numImages = 0, height = 0, width = 0] = images.dims
  return {
    pixels_NHWC: images.data,
    labels: labels.data,
    numImages,
    height,
    width,
    channels: 1
  } satisfies ImageSet
})

/** Bytes that gzip may add to a file that it cannot make smaller; far more than it does. */
const maxOverhead = 2 ** 20

/** Reads one file and checks that it is the published one. */
const readFile = Effect.fn("FashionMnist.readFile")(function* (
  dataset: string,
  source: SourceFile,
  searchDirs: ReadonlyArray<string>
) {
  const located = yield* locate(source.name, searchDirs)
  if (Option.isNone(located)) {
    const missing = { dataset, file: `${source.name}.gz`, searched: [...searchDirs], hint: installHint }
    return yield* new DatasetMissing(missing)
  }
  const path = located.value
  const corrupt = (actual: string) =>
    new DatasetCorrupt({
      file: path,
      expected: source.sha256,
      actual,
      hint: `remove the file; ${installHint}`
    })
  const stored = yield* Effect.mapError(
    SafeFile.readBytes(path, { maxBytes: source.numBytes + maxOverhead }),
    (cause) => new DatasetUnreadable({ file: path, hint: "check its permissions, or remove it", cause })
  )
  const raw = yield* Effect.mapError(
    Idx.inflate(stored, { file: path, maxBytes: source.numBytes }),
    ({ problem }) => corrupt(`not known (${problem})`)
  )
  const sha256 = createHash("sha256").update(raw).digest("hex")
  if (sha256 !== source.sha256) return yield* corrupt(sha256)
  return yield* Idx.decode(raw, path)
})
