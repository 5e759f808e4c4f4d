import { Effect } from "effect"
import * as IdxPair from "../ImageSource/IdxPair.ts"
import { type ImageSource, slice } from "../ImageSource.ts"
import type { CatalogEntry, EvaluationSplit, Sources } from "./CatalogEntry.ts"
import { common, testFiles, trainFiles } from "./fashionMnistFiles.ts"

const name = "fashion-mnist"

/** Images that are left to train on where the last of the 60,000 are held back. */
const numKept = 50_000

/**
 * The parts of a split. The test images are asked for where they are evaluated on, and only there: while settings are
 * chosen nobody needs them.
 *
 * @param read  the images of a pair of files
 */
export const partsOf = <E, R>(
  split: EvaluationSplit,
  read: (pair: IdxPair.IdxPair) => Effect.Effect<ImageSource, E, R>
): Effect.Effect<Sources, E, R> =>
  Effect.gen(function* () {
    const train = yield* read(trainFiles)
    if (split === "test") return { train, test: yield* read(testFiles) }
    return { train: slice(train, 0, numKept), test: slice(train, numKept, train.numImages) }
  })

/** Fashion-MNIST: 60,000 images to train on, and the published 10,000 test images. */
export const fashionMnist = {
  ...common,
  name,
  description: "all 70,000 of Fashion-MNIST (to be installed)",
  numImages: {
    test: { train: 60_000, evaluation: 10_000 },
    validation: { train: numKept, evaluation: 10_000 }
  },
  files: [trainFiles.images, trainFiles.labels, testFiles.images, testFiles.labels],
  place: {
    kind: "installed",
    folder: name,
    systemDirs: ["/usr/share/datasets/fashion-mnist"],
    fix: [
      "apt-get install dataset-fashion-mnist",
      "or put the four IDX files (.gz or not) into a folder and name it with --data-dir"
    ]
  },
  sources: Effect.fn("Catalog.fashionMnist")(function* (split, whereabouts) {
    const about = { classes: common.classes, provenance: { name, ...common.origin } }
    return yield* partsOf(split, (pair) => IdxPair.read(pair, about, whereabouts))
  })
} as const satisfies CatalogEntry
