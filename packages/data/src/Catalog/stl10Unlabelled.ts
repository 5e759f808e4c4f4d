import { Effect } from "effect"
import * as Stl from "../ImageSource/Stl.ts"
import { find, knownFiles } from "../Parts.ts"
import type { CatalogEntry } from "./CatalogEntry.ts"
import { common, filesOf, stl10Archive } from "./stl10Files.ts"

const name = "stl10-unlabelled"
const files = filesOf(name)
const sizes = { train: files.numImages.unlabeled, evaluation: 0 }

/**
 * The 100,000 images of STL-10 without labels, of more kinds than the ten classes, read from their file by index: 2.8 GB,
 * of which a batch is held at a time. To begin with the file is checked and its channels' means are taken, which is a
 * pass over it each.
 *
 * **Gotchas** There is nothing to evaluate on by labels: a config must name no such evaluation (`evaluations.knn=null`). `pretext`
 * and `spectrum` are measured of training images; what is exported can be evaluated elsewhere.
 */
export const stl10Unlabelled = {
  ...common,
  name,
  description: "the 100,000 images of STL-10 without labels (to be installed)",
  numImages: { test: sizes, validation: sizes },
  classes: undefined,
  place: {
    kind: "installed",
    folder: "stl10",
    systemDirs: [],
    downloads: [stl10Archive],
    unpacked: {
      archive: stl10Archive.name,
      from: Stl.labelledFormats(files)[0],
      parts: Stl.unlabelledFormats(files)[0].parts.map((part) => part.name)
    },
    fix: [
      "npx moco data fetch stl10-unlabelled",
      "or unpack stl10_binary.tar.gz (tar -xzf) and name the folder that stl10_binary is in with --data-dir",
      "packed it cannot be read by index"
    ]
  },
  files: knownFiles(Stl.unlabelledFormats(files)),
  find: (dirs) => find(Stl.unlabelledFormats(files), dirs),
  sources: Effect.fn("Catalog.stl10Unlabelled")(function* (_split, whereabouts) {
    return { train: yield* Stl.openUnlabelled(files, whereabouts), test: undefined }
  })
} as const satisfies CatalogEntry
