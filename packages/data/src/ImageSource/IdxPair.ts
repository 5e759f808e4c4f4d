import { Effect } from "effect"
import { DatasetInvalid } from "../Dataset/errors.ts"
import type { Provenance } from "../ImageSource.ts"
import { type PublishedFile, readIdx, type Whereabouts } from "../PublishedFile.ts"
import * as InMemory from "./InMemory.ts"

/** The two files of a part of MNIST or one of its relatives. */
export interface IdxPair {
  readonly images: PublishedFile
  readonly labels: PublishedFile
}

/** What the files of all parts have in common. */
export interface AboutPairs {
  readonly classes: ReadonlyArray<string>
  readonly provenance: Omit<Provenance, "sha256">
}

/**
 * The gray images of an IDX file with the labels of another; both are read as a whole and checked to be the published
 * ones, as far as these are known.
 */
export const read = Effect.fnUntraced(function* (
  { images, labels }: IdxPair,
  { classes, provenance }: AboutPairs,
  whereabouts: Whereabouts
) {
  const ofImages = yield* readIdx(images, whereabouts)
  const { data, path, sha256 } = yield* readIdx(labels, whereabouts)
  const foreign = data.findIndex((label) => label >= classes.length)
  if (foreign >= 0) {
    const { dataset, installHint } = whereabouts
    return yield* new DatasetInvalid({
      dataset,
      field: `label ${foreign} of ${path}`,
      value: String(data[foreign]),
      problem: `must be below ${classes.length}, the number of classes`,
      hint: `remove the file; ${installHint}`
    })
  }
  const [numImages = 0, height = 0, width = 0] = ofImages.dims
  return yield* InMemory.make(
    { pixels_NHWC: ofImages.data, labels: data, numImages, height, width, channels: 1 },
    {
      classes,
      provenance: { ...provenance, sha256: { [images.name]: ofImages.sha256, [labels.name]: sha256 } }
    }
  )
})
