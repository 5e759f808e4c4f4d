import { Effect } from "effect"
import * as Stl from "../ImageSource/Stl.ts"
import { find, knownFiles } from "../Parts.ts"
import type { CatalogEntry } from "./CatalogEntry.ts"
import { type Counts, partsOf, sizesOf } from "./heldBack.ts"
import { classes, common, filesOf, stl10Archive } from "./stl10Files.ts"

const name = "stl10"
/** Of the images with labels. */
export const counts: Counts = { train: 5_000, test: 8_000, kept: 4_000 }
const files = filesOf(name)

/**
 * The labelled images of STL-10: 5,000 to train on, and the published 8,000 test images; the last 1,000 may be held back.
 * Read unpacked they take a second, from the archive half a minute, as it holds the other 100,000 too.
 *
 * **Gotchas** What is published of STL-10 is mostly trained on the images without labels and evaluated on these: that is
 * `stl10-unlabelled`.
 */
export const stl10 = {
  ...common,
  name,
  description: "the labelled images of STL-10 (to be installed)",
  numImages: sizesOf(counts),
  classes,
  place: {
    kind: "installed",
    folder: name,
    systemDirs: [],
    downloads: [stl10Archive],
    fix: [
      "npx moco data fetch stl10",
      "or name the folder that stl10_binary.tar.gz is in with --data-dir",
      "it is read as it is, and faster unpacked (tar -xzf)"
    ]
  },
  files: knownFiles(Stl.labelledFormats(files)),
  find: (dirs) => find(Stl.labelledFilesFormats(files), dirs),
  sources: Effect.fn("Catalog.stl10")(function* (split, whereabouts) {
    return yield* partsOf(split, counts, (parts) => Stl.readLabelled(files, parts, whereabouts))
  })
} as const satisfies CatalogEntry
