import { Effect, Predicate } from "effect"
import {
  type DatasetCorrupt,
  DatasetInvalid,
  type DatasetUnreadable,
  ImageIndexInvalid
} from "./Dataset/errors.ts"
import type { ImageUndecodable } from "./Decode/errors.ts"
import { typeName } from "./ImageSource/faults.ts"

/** Height and width in pixels. */
export interface ImageSize {
  readonly height: number
  readonly width: number
}

/** The sizes of a source's images: one for all, or one for each, which may not be known before an image is read. */
export type SourceSize =
  | ({ readonly kind: "fixed" } & ImageSize)
  | { readonly kind: "mixed"; readonly sizeOf: ((index: number) => ImageSize) | undefined }

/** Where images come from. */
export interface Provenance {
  /** Of the collection, e.g. `fashion-mnist`. */
  readonly name: string
  /** SHA-256 by file, where the files are known. */
  readonly sha256: Readonly<Record<string, string>>
  /** An address, a paper, or words. */
  readonly from: string
  /** E.g. `MIT`; undefined where it is not known, or none is needed. */
  readonly licence: string | undefined
}

/** One image. */
export interface Image extends ImageSize {
  /** 0..255, row after row, channels innermost. Borrowed: it may be the source's own memory, and is never written. */
  readonly pixels_HWC: Uint8Array
}

/** Images in the order in which they were asked for. */
export type Images = ReadonlyArray<Image>

/** What the reading of images may fail with. */
export type ImageReadError = DatasetUnreadable | DatasetCorrupt | DatasetInvalid | ImageIndexInvalid

/** Images that are read by index. Everything but the images themselves is known without reading any. */
export interface ImageSource {
  readonly numImages: number
  readonly size: SourceSize
  /** Of every image: 1 for gray images, 3 for RGB. */
  readonly channels: number
  /** Class names; `labels` index into them. None where images have no classes. */
  readonly classes: ReadonlyArray<string> | undefined
  /** One class index per image, or none. Training never reads them; evaluation does. */
  readonly labels: Int32Array | undefined
  readonly provenance: Provenance
  /** The images at `indices`, in their order; the same image may be asked for more than once. */
  readonly read: (indices: Int32Array) => Effect.Effect<Images, ImageReadError>
  /** Files that have turned out to be no images so far, in the order of the images; others stand in for them. */
  readonly quarantine?: Effect.Effect<ReadonlyArray<ImageUndecodable>>
}

/**
 * A source whose `read` is only asked for images that there are, and whose images are what the source says of them: an
 * index outside of it fails with `ImageIndexInvalid`, images of another form with `DatasetInvalid`.
 *
 * @param source  its `read` need not check its indices
 */
export const make = (source: ImageSource): ImageSource => {
  const { name } = source.provenance
  const readChecked = (indices: Int32Array) =>
    Effect.flatMap(source.read(indices), (images) => {
      const wrong = wrongImage(source, indices, images)
      return wrong === undefined
        ? Effect.succeed(images)
        : Effect.fail(new DatasetInvalid({ dataset: name, ...wrong }))
    })
  return {
    ...source,
    read: (indices) => {
      const outside = indices.find((index) => !(index >= 0 && index < source.numImages))
      return outside === undefined
        ? readChecked(indices)
        : Effect.fail(new ImageIndexInvalid({ source: name, index: outside, numImages: source.numImages }))
    }
  }
}

/** Of what size an image is, where the source knows it without reading the image. */
export const sizeOf = ({ size }: Pick<ImageSource, "size">, index: number): ImageSize | undefined =>
  size.kind === "fixed" ? size : size.sizeOf?.(index)

const wrongImage = (source: ImageSource, indices: Int32Array, images: Images) => {
  // Somebody's own code may give anything.
  if (!Array.isArray(images as unknown)) {
    return { field: "read(indices)", value: typeName(images), problem: "must be an array", hint: readHint }
  }
  if (images.length !== indices.length) {
    const problem = `must be ${indices.length}, as many as were asked for`
    return { field: "read(indices).length", value: String(images.length), problem, hint: readHint }
  }
  for (const [row, image] of images.entries()) {
    const index = indices[row]!
    if (!Predicate.isObject(image as unknown)) {
      const problem = "must be an object with height, width and pixels_HWC"
      return { field: `image ${index}`, value: typeName(image), problem, hint: readHint }
    }
    const { height, pixels_HWC, width } = image as unknown as Image
    const size = sizeOf(source, index)
    if (size !== undefined && (height !== size.height || width !== size.width)) {
      const problem = `must be ${size.height} x ${size.width}, the size that the source says`
      return { field: `size of image ${index}`, value: `${height} x ${width}`, problem, hint: readHint }
    }
    if (!(pixels_HWC instanceof Uint8Array)) {
      const field = `pixels_HWC of image ${index}`
      const hint = "values are 0 to 255, channels innermost"
      return { field, value: typeName(pixels_HWC), problem: "must be a Uint8Array", hint }
    }
    const numValues = height * width * source.channels
    if (pixels_HWC.length !== numValues) {
      const problem = `must be ${numValues}: ${height} x ${width} x ${source.channels}`
      const field = `pixels_HWC.length of image ${index}`
      return { field, value: String(pixels_HWC.length), problem, hint: readHint }
    }
  }
  return undefined
}

const readHint = "look at the source's read"

/**
 * Images `start` to `end - 1` of a source, counted from 0 again; nothing is copied.
 *
 * Like `subarray`, indices beyond the ends are moved to the ends.
 */
export const slice = (source: ImageSource, start: number, end: number): ImageSource => {
  const [first, last] = [start, end].map((index) =>
    Math.min(Math.max(index < 0 ? source.numImages + index : index, 0), source.numImages)
  ) as [number, number]
  const { size } = source
  return make({
    ...source,
    numImages: Math.max(0, last - first),
    size: size.kind === "fixed" ? size : { kind: "mixed", sizeOf: shifted(size.sizeOf, first) },
    labels: source.labels?.subarray(first, last),
    read: (indices) => source.read(indices.map((index) => first + index))
  })
}

const shifted = <A>(of: ((index: number) => A) | undefined, by: number) =>
  of === undefined ? undefined : (index: number) => of(by + index)

/** The images `from` to `to - 1`, a range that the source has. */
export const readRange = (source: ImageSource, from: number, to: number) =>
  source.read(Int32Array.from({ length: to - from }, (_, offset) => from + offset))
