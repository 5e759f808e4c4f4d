import { Effect } from "effect"
import type { Part as Name } from "../Catalog/heldBack.ts"
import type { Digest } from "../Digest.ts"
import type * as ImageSource from "../ImageSource.ts"
import * as Parts from "../Parts.ts"
import type { Whereabouts } from "../PublishedFile.ts"
import * as InFile from "./InFile.ts"
import * as InMemory from "./InMemory.ts"
import { interleave, numValues, type Planes } from "./planes.ts"

/** STL-10: images with labels in pairs of files, and a file of many more without. */
export interface Stl {
  readonly planes: Planes
  readonly classes: ReadonlyArray<string>
  readonly provenance: Omit<ImageSource.Provenance, "sha256">
  readonly archive: string
  readonly folder: string
  readonly digest?: Digest
  /** Images of each file, `train_X.bin` and so on. */
  readonly numImages: Readonly<Record<Name | "unlabeled", number>>
  /** MD5 by file. */
  readonly md5: Readonly<Record<string, string>>
}

/** Labels count from 1. */
const firstLabel = 1

const imagesFile = (name: Name | "unlabeled") => `${name}_X.bin`
const labelsFile = (name: Name) => `${name}_y.bin`

const partsOf = ({ md5, numImages, planes }: Stl): ReadonlyArray<Parts.Part> => {
  const part = (name: string, numBytes: number) => Parts.partOf(name, numBytes, md5[name])
  return [
    part(imagesFile("train"), numImages.train * numValues(planes)),
    part(labelsFile("train"), numImages.train),
    part(imagesFile("test"), numImages.test * numValues(planes)),
    part(labelsFile("test"), numImages.test),
    part(imagesFile("unlabeled"), numImages.unlabeled * numValues(planes))
  ]
}

/** Where images with labels may be read from. */
export const labelledFormats = (stl: Stl): Parts.Formats<Parts.Format> => [{ ...stl, parts: partsOf(stl) }]

/** By what they are found: the folder need not have the file of those without. */
export const labelledFilesFormats = (stl: Stl): Parts.Formats<Parts.Format> => [
  { ...stl, parts: partsOf(stl).filter(({ name }) => name !== imagesFile("unlabeled")) }
]

/** Where images without labels may be read from: an archive cannot be read by index. */
export const unlabelledFormats = (stl: Stl): Parts.Formats<Parts.Format> => [
  { ...stl, archive: undefined, parts: partsOf(stl).filter(({ name }) => name === imagesFile("unlabeled")) }
]

/** Files of the parts that are named. */
export const filesOf = (names: ReadonlyArray<Name>) =>
  names.flatMap((name) => [imagesFile(name), labelsFile(name)])

/** The labelled images of the named parts, held in memory: 359 MB for all 13,000, and while they are read once more. */
export const readLabelled = Effect.fn("Stl.readLabelled")(function* (
  stl: Stl,
  names: ReadonlyArray<Name>,
  about: Whereabouts
) {
  const { parts, sha256 } = yield* Parts.read(labelledFormats(stl), () => filesOf(names), about)
  const { classes, planes } = stl
  const { channels, height, width } = planes
  const partOf = (file: string) => parts.find(({ name }) => name === file)!
  return yield* Effect.forEach(names, (name) =>
    Effect.gen(function* () {
      const numImages = stl.numImages[name]
      const labels = yield* labelsOf(partOf(labelsFile(name)), stl, about)
      const size = numValues(planes)
      const pixels_NHWC = new Uint8Array(numImages * size)
      const { bytes } = partOf(imagesFile(name))
      for (let at = 0; at < pixels_NHWC.length; at += size) interleave(planes, bytes, at, pixels_NHWC, at)
      return yield* InMemory.make(
        { pixels_NHWC, labels, numImages, height, width, channels },
        { classes, provenance: { ...stl.provenance, sha256 } }
      )
    })
  )
})

/** Classes counted from 0. */
const labelsOf = ({ bytes, origin }: Parts.ReadPart, { classes }: Stl, about: Whereabouts) => {
  const wrong = bytes.findIndex((label) => label < firstLabel || label >= firstLabel + classes.length)
  if (wrong < 0) return Effect.succeed(bytes.map((label) => label - firstLabel))
  const problem = `must be ${firstLabel} to ${classes.length}, a class`
  return Effect.fail(Parts.invalid(about, `label ${wrong} of ${origin}`, String(bytes[wrong]), problem))
}

/** The images without labels, read from their file by index, see {@link InFile.open}. */
export const openUnlabelled = Effect.fn("Stl.openUnlabelled")(function* (stl: Stl, about: Whereabouts) {
  const name = imagesFile("unlabeled")
  const formats = unlabelledFormats(stl)
  const place = yield* Parts.placeOf(formats, () => [name], about)
  const { planes, provenance } = stl
  const [{ parts }] = formats
  return yield* InFile.open(
    {
      path: "paths" in place ? place.paths.get(name)! : place.archive,
      numImages: stl.numImages.unlabeled,
      planes,
      digest: parts[0]?.digest
    },
    { provenance },
    about
  )
})
