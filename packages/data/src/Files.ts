import { between, seed } from "@moco/core/Setting"
import { Effect, Layer, Schema } from "effect"
import type { EvaluationSplit } from "./Catalog/CatalogEntry.ts"
import { Dataset } from "./Dataset.ts"
import { openFiles } from "./FileSet/open.ts"
import { type LabelledFiles, partsOf } from "./FileSet/parts.ts"
import { sourceOf } from "./ImageSource/Files.ts"

/** Of one colour, 255 the brightest. */
const level = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))

/** Images of one's own: where they are, and what is made of them before they are augmented. */
export const FilesSettings = Schema.Struct({
  path: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(4096)).annotate({
    description: "folder of images, with or without folders of classes and of train, test and val"
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
  maxBad: 0.01
}

/** Mean and standard deviation of ImageNet's channels, which encoders of photographs are given. */
const ofPhotographs = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const

/** The parts of the images at a path, decoded when they are asked for, on threads that end with the Scope. */
export const sourcesOf = Effect.fn("Files.sourcesOf")(function* (
  { background, heldBack, maxBad, maxPixels, path, shorterSide, splitSeed }: FilesSettings,
  split: EvaluationSplit
) {
  const set = yield* openFiles(path, { background, maxPixels, shorterSide })
  const { classes, test, train } = partsOf(set.names, split, { fraction: heldBack, seed: splitSeed })
  const source = (part: LabelledFiles) => sourceOf(set, { ...part, classes, maxBad })
  return { name: set.name, train: source(train), test: test && source(test) }
})

/** The data set of a folder, seen in the size that is asked for. */
export const layer = (settings: FilesSettings, split: EvaluationSplit, imageSize: number) =>
  Layer.effect(
    Dataset,
    Effect.gen(function* () {
      const sources = yield* sourcesOf(settings, split)
      const size = { height: imageSize, width: imageSize }
      return yield* Dataset.make({ ...sources, imageSize: size, ...ofPhotographs })
    })
  )

/** Images whose size is looked at. */
const numSampled = 15

/** How many images there are to train on, whether they have classes, and how large one in the middle of some is. */
export const survey = Effect.fn("Files.survey")(function* (root: string) {
  const { background, maxPixels, splitSeed } = usualFiles
  // Packed images are as large as they were packed.
  const set = yield* openFiles(root, { background, maxPixels, shorterSide: 0 }, "any")
  const { classes, train: part } = partsOf(set.names, "test", { fraction: 0, seed: splitSeed })
  const train = sourceOf(set, { ...part, classes, maxBad: 1 })
  const numSeen = Math.min(numSampled, train.numImages)
  const indices = Int32Array.from({ length: numSeen }, (_, seen) =>
    Math.floor((seen * train.numImages) / numSeen)
  )
  const sides = (yield* train.read(indices)).map(({ height, width }) => Math.min(height, width))
  const shorterSide = sides.toSorted((a, b) => a - b)[Math.floor(numSeen / 2)]!
  return { numImages: train.numImages, hasClasses: train.labels !== undefined, shorterSide }
}, Effect.scoped)
