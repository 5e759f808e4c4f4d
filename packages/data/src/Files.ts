import { between, seed } from "@moco/core/Setting"
import { Effect, Layer, Schema } from "effect"
import type { EvaluationSplit } from "./Catalog/CatalogEntry.ts"
import { Dataset, DatasetInvalid } from "./Dataset.ts"
import { DecodeThreads } from "./Decode/threads.ts"
import { keepDecoded } from "./FileSet/keepDecoded.ts"
import { openFiles } from "./FileSet/open.ts"
import { type LabelledFiles, partsOf } from "./FileSet/parts.ts"
import type { FileSet } from "./FileSet.ts"
import { sourceOf } from "./ImageSource/Files.ts"

/** Of one colour, 255 the brightest. */
const level = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))

/** Images of one's own: where they are, and what is made of them before they are augmented. */
export const FilesSettings = Schema.Struct({
  path: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(4096)).annotate({
    description:
      "folder of images, with or without folders of classes and of train, test and val; or tar archives, Parquet files, NumPy arrays or a packed file"
  }),
  heldBack: between(0, 0.3).annotate({
    description: "part of every class that is held back to evaluate on, where no folder is for that",
    unit: "part of the images"
  }),
  splitSeed: seed.annotate({
    description: "which images are held back; the same in runs that are compared",
    unit: "unitless"
  }),
  shorterSide: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8192 })).annotate({
    description:
      "images whose shorter side is longer are shrunk to it when they are read; 0 leaves them as they are",
    unit: "pixels"
  }),
  background: Schema.Array(level).check(Schema.isMinLength(3), Schema.isMaxLength(3)).annotate({
    description: "red, green and blue that transparent images are laid on",
    unit: "levels"
  }),
  maxPixels: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 30 })).annotate({
    description: "an image of more pixels is taken for damaged, before it is decoded",
    unit: "pixels"
  }),
  keepDecoded: between(0, 65_536).annotate({
    description:
      "decoded images that a run keeps on disk while it lasts, so that each is decoded once; 0 decodes them in every epoch",
    unit: "GiB"
  }),
  maxBad: between(0, 1).annotate({
    description: "part of the files that may be damaged; with more of them the run stops",
    unit: "part of the files"
  })
}).annotate({ description: "image files of one's own" })
export type FilesSettings = typeof FilesSettings.Type

/** What is usual; only the path is missing. */
export const usualFiles: Omit<FilesSettings, "path"> = {
  heldBack: 0.1,
  splitSeed: 0,
  shorterSide: 256,
  background: [255, 255, 255],
  maxPixels: 100_000_000,
  keepDecoded: 8,
  maxBad: 0.01
}

/** Mean and standard deviation of ImageNet's channels, which encoders of photographs are given. */
const ofPhotographs = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const

/**
 * The parts of the images at a path, decoded when they are asked for, on threads that end with the Scope.
 *
 * @param scratchDir  where decoded images are kept; without it none are
 */
export const sourcesOf = Effect.fn("Files.sourcesOf")(function* (
  settings: FilesSettings,
  split: EvaluationSplit,
  scratchDir?: string
) {
  const { background, keepDecoded: gibibytes, maxPixels, path, shorterSide } = settings
  const set = yield* openFiles(path, { background, maxPixels, shorterSide })
  const isKept = scratchDir !== undefined && gibibytes > 0 && set.isRaw === undefined
  const kept = isKept ? yield* keepDecoded(set, { folder: scratchDir, maxBytes: gibibytes * 2 ** 30 }) : set
  return sourcesIn(kept, settings, split)
})

const sourcesIn = (
  set: FileSet,
  { heldBack, maxBad, splitSeed }: Omit<FilesSettings, "path">,
  split: EvaluationSplit
) => {
  const holdBack = { fraction: heldBack, seed: splitSeed }
  const { classes, numLeftOut, test, train } = partsOf(set.names, split, holdBack, set.told)
  const bad = { max: maxBad, found: 0 }
  const source = (part: LabelledFiles) => sourceOf(set, { ...part, classes, bad })
  const { form, name } = set
  const left = `${numLeftOut} images are left out: they are in none of the folders or files that are parts, of which one is train`
  const notes = [...(set.notes ?? []), ...(numLeftOut === 0 ? [] : [left])]
  return { name, notes, isDecoded: form === undefined, train: source(train), test: test && source(test) }
}

/**
 * The data set of a folder, seen in the size that is asked for.
 *
 * @param scratchDir  as for {@link sourcesOf}
 */
export const layer = (
  settings: FilesSettings,
  split: EvaluationSplit,
  imageSize: number,
  scratchDir?: string
) =>
  Layer.effect(
    Dataset,
    Effect.gen(function* () {
      const { isDecoded, name, test, train } = yield* sourcesOf(settings, split, scratchDir)
      const size = { height: imageSize, width: imageSize }
      // Channels of arrays may be anything: their statistics are computed of the images that are trained on.
      return yield* Dataset.make({ name, train, test, imageSize: size, ...(isDecoded ? ofPhotographs : {}) })
    })
  )

/** How the images are parted that are surveyed. */
export type Parting = Pick<FilesSettings, "heldBack" | "splitSeed"> & { readonly split: EvaluationSplit }

/** Fewer are no set: the smallest batch of a recipe has four, of what is left when some are held back. */
const minImages = 8

/** Images whose size is looked at. */
const numSampled = 15

/** So few are decoded sooner than threads are started. */
const fewImages = 0

/**
 * How many images there are to train on, of how many channels, whether they have classes and are decoded files, how large
 * one in the middle of some is, and what was left out.
 */
export const survey = Effect.fn("Files.survey")(function* (
  root: string,
  { heldBack, split, splitSeed }: Parting = { ...usualFiles, split: "test" }
) {
  const { background, maxPixels } = usualFiles
  // Packed images are as large as they were packed.
  const set = yield* Effect.provideService(
    openFiles(root, { background, maxPixels, shorterSide: 0 }, "any"),
    DecodeThreads,
    fewImages
  )
  const { isDecoded, notes, test, train } = sourcesIn(
    set,
    { ...usualFiles, heldBack, splitSeed, maxBad: 1 },
    split
  )
  if (train.numImages < minImages) {
    return yield* new DatasetInvalid({
      ...{ dataset: root, field: "images to train on", value: String(train.numImages) },
      problem: `must be ${minImages} or more: an image is told from others`,
      hint: "add images, or check that the folder or the file is the one that you mean"
    })
  }
  const numSeen = Math.min(numSampled, train.numImages)
  const indices = Int32Array.from({ length: numSeen }, (_, seen) =>
    Math.floor((seen * train.numImages) / numSeen)
  )
  // One after the other: they are as large as a camera makes them.
  const sides = yield* Effect.forEach(indices, (index) =>
    Effect.map(train.read(Int32Array.of(index)), ([image]) => Math.min(image!.height, image!.width))
  )
  const shorterSide = sides.toSorted((a, b) => a - b)[Math.floor(numSeen / 2)]!
  const { channels, labels, numImages } = train
  // Where nothing is held back, of small classes or of any, there is nothing to evaluate on.
  const hasClasses = labels !== undefined && test !== undefined
  return { numImages, hasClasses, isLabelled: labels !== undefined, isDecoded, shorterSide, channels, notes }
}, Effect.scoped)
