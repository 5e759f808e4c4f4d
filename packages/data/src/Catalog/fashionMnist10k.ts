import { Effect } from "effect"
import * as IdxPair from "../ImageSource/IdxPair.ts"
import { slice } from "../ImageSource.ts"
import { find, knownForms } from "../PublishedFile.ts"
import type { CatalogEntry, SplitSizes } from "./CatalogEntry.ts"
import { common, testFiles } from "./fashionMnistFiles.ts"

const name = "fashion-mnist-10k"

/** How many of the ten thousand are trained on, and where those end that they are evaluated on. */
const bounds = { test: [8_000, 10_000], validation: [7_000, 8_000] } as const

const sizesOf = ([numTrain, end]: readonly [number, number]): SplitSizes => ({
  train: numTrain,
  evaluation: end - numTrain
})

/**
 * The ten thousand images that come with this package (the published test set), split by index: 8,000 to train on
 * and 2,000 to be evaluated on. With `validation` the 2,000 stay untouched and the 8,000 are split 7,000 / 1,000.
 *
 * **Gotchas** Figures on this split are not comparable with published ones, which have 60,000 training images.
 */
export const fashionMnist10k = {
  ...common,
  size: { height: 28, width: 28 },
  channels: 1,
  name,
  description: "the embedded 10,000 images",
  numImages: { test: sizesOf(bounds.test), validation: sizesOf(bounds.validation) },
  place: { kind: "embedded", folder: "fashion-mnist", fix: ["git checkout -- packages/data/assets"] },
  files: [testFiles.images, testFiles.labels].flatMap(knownForms),
  find: (dirs) => find([testFiles.images, testFiles.labels], dirs),
  sources: Effect.fn("Catalog.fashionMnist10k")(function* (split, whereabouts) {
    const about = { classes: common.classes, provenance: { name, ...common.origin } }
    const all = yield* IdxPair.read(testFiles, about, whereabouts)
    const [numTrain, end] = bounds[split]
    return { train: slice(all, 0, numTrain), test: slice(all, numTrain, end) }
  })
} as const satisfies CatalogEntry
