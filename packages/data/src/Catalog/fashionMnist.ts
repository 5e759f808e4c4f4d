import { Effect } from "effect"
import * as IdxPair from "../ImageSource/IdxPair.ts"
import { slice } from "../ImageSource.ts"
import type { CatalogEntry } from "./CatalogEntry.ts"
import { common, testFiles, trainFiles } from "./fashionMnistFiles.ts"

const name = "fashion-mnist"

/** Images that are left to train on where the last of the 60,000 are held back. */
const numKept = 50_000

/** Fashion-MNIST: 60,000 images to train on, and the published 10,000 test images. */
export const fashionMnist = {
  ...common,
  name,
  description: "all 70,000 (to be installed)",
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
    const train = yield* IdxPair.read(trainFiles, about, whereabouts)
    const test = yield* IdxPair.read(testFiles, about, whereabouts)
    return split === "test"
      ? { train, test }
      : { train: slice(train, 0, numKept), test: slice(train, numKept, train.numImages) }
  })
} as const satisfies CatalogEntry
