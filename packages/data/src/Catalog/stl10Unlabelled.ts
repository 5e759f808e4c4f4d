import { Effect } from "effect"
import * as Stl from "../ImageSource/Stl.ts"
import { find, knownFiles } from "../Parts.ts"
import type { CatalogEntry, EvaluationSplit, SplitSizes } from "./CatalogEntry.ts"
import { partsOf, sizesOf } from "./heldBack.ts"
import { counts } from "./stl10.ts"
import { classes, common, filesOf, stl10Archive } from "./stl10Files.ts"

const name = "stl10-unlabelled"
const files = filesOf(name)

/** Labels are given of the labelled training images, and asked for of the others. */
const numImagesOf = (split: EvaluationSplit): SplitSizes => {
  const { evaluation, train: bank } = sizesOf(counts)[split]
  return { train: files.numImages.unlabeled, bank, evaluation }
}

/**
 * STL-10 as it is published: trained on the 100,000 images without labels, of more kinds than the ten classes, evaluated by
 * the labelled ones, 5,000 and 8,000. Those without are read from their file by index: 2.8 GB, of which a batch is held at
 * a time. To begin with the file is checked and its channels' means are taken, which is a pass over it each.
 */
export const stl10Unlabelled = {
  ...common,
  name,
  description:
    "the 100,000 images of STL-10 without labels, evaluated by the labelled ones (to be installed)",
  numImages: { test: numImagesOf("test"), validation: numImagesOf("validation") },
  classes,
  place: {
    kind: "installed",
    folder: "stl10",
    systemDirs: [],
    downloads: [stl10Archive],
    unpacked: {
      archive: stl10Archive.name,
      from: Stl.labelledFormats(files)[0],
      parts: Stl.labelledFormats(files)[0].parts.map((part) => part.name)
    },
    fix: [
      "npx moco data fetch stl10-unlabelled",
      "or unpack stl10_binary.tar.gz (tar -xzf) and name the folder that stl10_binary is in with --data-dir",
      "packed it cannot be read by index"
    ]
  },
  files: knownFiles(Stl.labelledFormats(files)),
  find: (dirs) =>
    Effect.map(
      Effect.all([find(Stl.unlabelledFormats(files), dirs), find(Stl.labelledFilesFormats(files), dirs)]),
      (found) => found.flat()
    ),
  sources: Effect.fn("Catalog.stl10Unlabelled")(function* (split, whereabouts) {
    const train = yield* Stl.openUnlabelled(files, whereabouts)
    const { test, train: bank } = yield* partsOf(split, counts, (parts) =>
      Stl.readLabelled(files, parts, whereabouts)
    )
    return { train, bank, test }
  })
} as const satisfies CatalogEntry
