import { Effect } from "effect"
import type { Provenance } from "../ImageSource.ts"
import { type PublishedFile, readIdx, type Whereabouts } from "../PublishedFile.ts"
import * as InMemory from "./InMemory.ts"

/** The two files of a part of MNIST or one of its relatives. */
export interface IdxPair {
  readonly images: PublishedFile
  readonly labels: PublishedFile
}

/**
 * The gray images of an IDX file with the labels of another; both are read as a whole and checked to be the published
 * ones.
 */
export const read = Effect.fnUntraced(function* (
  { images, labels }: IdxPair,
  about: { readonly classes: ReadonlyArray<string>; readonly provenance: Omit<Provenance, "sha256"> },
  whereabouts: Whereabouts
) {
  const { data: pixels_NHWC, dims } = yield* readIdx(images, whereabouts)
  const { data } = yield* readIdx(labels, whereabouts)
  const [numImages = 0, height = 0, width = 0] = dims
  const sha256 = { [images.name]: images.sha256, [labels.name]: labels.sha256 }
  return yield* InMemory.make(
    { pixels_NHWC, labels: data, numImages, height, width, channels: 1 },
    { classes: about.classes, provenance: { ...about.provenance, sha256 } }
  )
})
