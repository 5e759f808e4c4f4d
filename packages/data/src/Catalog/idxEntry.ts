import { Effect } from "effect"
import * as IdxPair from "../ImageSource/IdxPair.ts"
import { find, knownForms, type PublishedFile } from "../PublishedFile.ts"
import type { CatalogEntry, Download, Installed } from "./CatalogEntry.ts"
import { type Counts, type Part, partsOf, sizesOf } from "./heldBack.ts"

/** MNIST and its relatives: 60,000 gray images of 28 x 28 to train on, 10,000 to test on. */
const counts: Counts = { train: 60_000, test: 10_000, kept: 50_000 }

/** What is known of a file beside its name and its array. */
export interface Known extends Pick<PublishedFile, "sha256"> {
  readonly sha256OfGz: string
  readonly numBytesOfGz: number
}

/** A pair of files as it is published: compressed. */
export type IdxFiles = Readonly<Record<keyof IdxPair.IdxPair, PublishedFile & Known>>

/** The published names, which are the same for all relatives. */
export const pairOf = (part: Part, known: Readonly<Record<keyof IdxPair.IdxPair, Known>>): IdxFiles => {
  const prefix = part === "train" ? "train" : "t10k"
  const numImages = counts[part]
  return {
    images: { name: `${prefix}-images-idx3-ubyte`, dims: [numImages, 28, 28], ...known.images },
    labels: { name: `${prefix}-labels-idx1-ubyte`, dims: [numImages], ...known.labels }
  }
}

/** What tells MNIST's relatives apart. */
export interface IdxSet
  extends Pick<CatalogEntry, "name" | "description" | "origin">,
    Readonly<Record<Part, IdxFiles>> {
  readonly classes: ReadonlyArray<string>
  readonly place: Omit<Installed, "downloads">
  /** Addresses of folders in which all files are published. */
  readonly publishedIn: readonly [string, ...ReadonlyArray<string>]
}

/** The entry of a relative of MNIST. */
export const idxEntry = <const Set extends IdxSet>({ test, train, ...set }: Set) => {
  const about = { classes: set.classes, provenance: { name: set.name, ...set.origin } }
  const files = [train.images, train.labels, test.images, test.labels]
  const [home, ...mirrors] = set.publishedIn
  const downloads = files.map(({ name, numBytesOfGz: numBytes, sha256OfGz: hex }): Download => {
    const inFolder = (folder: string) => `${folder}${name}.gz`
    return {
      name: `${name}.gz`,
      numBytes,
      digest: { algorithm: "SHA-256", hex },
      addresses: [inFolder(home), ...mirrors.map(inFolder)]
    }
  })
  return {
    ...set,
    place: { ...set.place, downloads },
    files: files.flatMap(knownForms),
    size: { height: 28, width: 28 },
    channels: 1,
    numImages: sizesOf(counts),
    find: (dirs) => find(files, dirs),
    sources: Effect.fn("Catalog.idxSources")(function* (split, whereabouts) {
      return yield* partsOf(split, counts, (parts) =>
        Effect.forEach(parts, (part) => IdxPair.read(part === "train" ? train : test, about, whereabouts))
      )
    })
  } satisfies CatalogEntry
}
