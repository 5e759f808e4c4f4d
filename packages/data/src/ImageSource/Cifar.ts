import { Effect } from "effect"
import type { Part as Name } from "../Catalog/heldBack.ts"
import type { Digest } from "../Digest.ts"
import type * as ImageSource from "../ImageSource.ts"
import * as Parts from "../Parts.ts"
import type { Whereabouts } from "../PublishedFile.ts"
import { type Batch, type BatchForm, fromPickle, fromRows, maxPickleBytes, rowSize } from "./Cifar/batches.ts"
import * as InMemory from "./InMemory.ts"
import { interleave, numValues } from "./planes.ts"

/** A file of images. */
export interface BatchFile {
  readonly name: string
  readonly numImages: number
  /** Where it lies unpacked. */
  readonly md5?: string
}

/** Files of all images, in one of the two forms in which they are published. */
export interface Batches {
  readonly kind: "rows" | "pickles"
  readonly archive: string
  readonly folder: string
  readonly digest?: Digest
  readonly train: ReadonlyArray<BatchFile>
  readonly test: ReadonlyArray<BatchFile>
}

/** CIFAR-10 and its relatives: labelled images in files of many. */
export interface Cifar extends BatchForm {
  readonly classes: ReadonlyArray<string>
  readonly provenance: Omit<ImageSource.Provenance, "sha256">
  readonly published: readonly [Batches, ...ReadonlyArray<Batches>]
}

/** Where images may be read from, for `Parts`. */
export const formatsOf = (cifar: Cifar) => {
  const [first, ...others] = cifar.published
  return [formatOf(cifar, first), ...others.map((batches) => formatOf(cifar, batches))] as const
}

const formatOf = (cifar: Cifar, batches: Batches) => {
  const { archive, digest, folder, kind, test, train } = batches
  const parts = [...train, ...test].map(({ md5, name, numImages }): Parts.Part => {
    if (kind === "rows") return Parts.partOf(name, numImages * rowSize(cifar), md5)
    const part = Parts.partOf(name, maxPickleBytes(numImages, cifar), md5)
    return { ...part, minBytes: numImages * numValues(cifar.planes) }
  })
  return { archive, digest, folder, parts, batches }
}

/**
 * The images of the named parts, held in memory: of CIFAR 3,072 bytes an image, 184 MB for 60,000, and while they are read
 * as much again for their files.
 */
export const read = Effect.fn("Cifar.read")(function* (
  cifar: Cifar,
  names: ReadonlyArray<Name>,
  about: Whereabouts
) {
  const namesOf = ({ batches }: { readonly batches: Batches }) =>
    names.flatMap((name) => batches[name].map((file) => file.name))
  const { format, parts, sha256 } = yield* Parts.read(formatsOf(cifar), namesOf, about)
  const decode = format.batches.kind === "rows" ? fromRows : fromPickle
  const provenance = { ...cifar.provenance, sha256 }
  return yield* Effect.forEach(names, (name) =>
    Effect.gen(function* () {
      const files = format.batches[name]
      const batches = yield* Effect.forEach(files, (file) =>
        decode(parts.find((part) => part.name === file.name)!, file.numImages, cifar, about)
      )
      return yield* InMemory.make(together(cifar, batches), { classes: cifar.classes, provenance })
    })
  )
})

const together = ({ planes }: Cifar, batches: ReadonlyArray<Batch>): InMemory.PixelArray => {
  const size = numValues(planes)
  const numImages = batches.reduce((total, batch) => total + batch.numImages, 0)
  const pixels_NHWC = new Uint8Array(numImages * size)
  const labels = new Uint8Array(numImages)
  let image = 0
  for (const batch of batches) {
    labels.set(batch.labels, image)
    for (let row = 0; row < batch.numImages; row++, image++) {
      interleave(planes, batch.planes, batch.first + row * batch.step, pixels_NHWC, image * size)
    }
  }
  const { channels, height, width } = planes
  return { pixels_NHWC, labels, numImages, height, width, channels }
}
