import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Result } from "effect"
import { malformed, noImages, unreadableFile } from "../faults.ts"
import type { Shard } from "../shards.ts"
import { maxNpyHeader, type NpyHeader, readNpyHeader } from "./header.ts"

const unbounded = { maxBytes: Number.MAX_SAFE_INTEGER }

/** An array's file, open until the Scope ends, and what it says of the array. */
export const openArray = Effect.fnUntraced(function* ({ path }: Pick<Shard, "path">) {
  const { read, size } = yield* Effect.mapError(SafeFile.openToRead(path, unbounded), unreadableFile(path))
  const readBytes = (start: number, end: number) => Effect.mapError(read(start, end), unreadableFile(path))
  const found = readNpyHeader(yield* readBytes(0, Math.min(size, maxNpyHeader)))
  if (Result.isFailure(found)) {
    const { field, problem, value } = found.failure
    return yield* malformed(path, field, value, problem, "write the array again: numpy.save(FILE, array)")
  }
  return { path, size, header: found.success, read: readBytes }
})

/** An array that is open. */
export type OpenArray = Effect.Success<ReturnType<typeof openArray>>

/** What an array of images is like. */
export interface ArrayForm {
  readonly numImages: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

const maxSide = 0xffff
const maxChannels = 1024

/** The form of an array of images, images x height x width, with or without channels behind it. */
export const imagesForm = ({ header, path, size }: OpenArray) => {
  const { descr, fortranOrder, shape } = header
  // A table of features is no array of images that somebody has saved wrongly.
  const saying = shape.length === 3 || shape.length === 4 ? malformed : noImages
  const fail = (field: string, value: string, problem: string, hint: string) =>
    Effect.fail(saying(path, field, value, problem, hint))
  if (!/^[|<>=]?u1$/.test(descr))
    return fail("dtype", descr, "must be uint8, values of 0 to 255", hintForDtype(descr))
  const [numImages = 0, height = 0, width = 0, channels = 1] = shape
  const words = shape.join(" x ")
  if (shape.length !== 3 && shape.length !== 4) {
    const problem = "must be images x height x width, with or without channels behind it"
    return fail(
      "shape",
      words,
      problem,
      "save one array of all images: numpy.save(FILE, numpy.stack(images))"
    )
  }
  if (fortranOrder) {
    const hint = "save it row by row: numpy.save(FILE, numpy.ascontiguousarray(images))"
    return fail("fortran_order", "True", "must be False: images lie one after the other", hint)
  }
  if (numImages < 1) return fail("images", "0", "must be 1 or more", "save an array that is not empty")
  if (height < 1 || width < 1 || height > maxSide || width > maxSide) {
    return fail(
      "shape",
      words,
      `must have 1 to ${maxSide} pixels a side`,
      "save images x height x width x channels"
    )
  }
  if (shape.length === 4 && height <= 4 && width > 4 && channels > 4) {
    const hint = "save the channels behind: numpy.save(FILE, images.transpose(0, 2, 3, 1))"
    return fail("shape", words, "must not have the channels before height and width", hint)
  }
  if (channels < 1 || channels > maxChannels) {
    return fail("channels", String(channels), `must be 1 to ${maxChannels}`, "leave some channels away")
  }
  return Effect.as(requireLength({ header, path, size }, 1), { numImages, height, width, channels })
}

const hintForDtype = (descr: string): string => {
  if (/O/.test(descr))
    return "it holds Python objects, which only Python reads: numpy.stack them, then .astype('uint8')"
  if (descr.startsWith("[")) return "it has fields: save one of them"
  if (/f/.test(descr)) return "of values of 0 to 1: (255 * images).round().astype('uint8')"
  if (/b1/.test(descr)) return "255 * images.astype('uint8')"
  return "bring the values to 0 to 255, then images.astype('uint8')"
}

/** Whether a file has as many bytes as its array needs. */
const requireLength = (
  { header, path, size }: Pick<OpenArray, "header" | "path" | "size">,
  bytesEach: number
) => {
  const numBytes = numElements(header) * bytesEach
  const length = size - header.dataAt
  if (length === numBytes) return Effect.void
  const problem = `must be ${numBytes}, for ${header.shape.join(" x ")} elements: ${length < numBytes ? "it was cut off" : "something stands behind it"}`
  return Effect.fail(malformed(path, "bytes of elements", String(length), problem, "write the array again"))
}

const numElements = ({ shape }: NpyHeader): number => shape.reduce((product, side) => product * side, 1)

/** Integers, by their letter and bytes. */
const readers: Readonly<Record<string, (view: DataView, at: number, isLittle: boolean) => number>> = {
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at, isLittle) => view.getUint16(at, isLittle),
  i2: (view, at, isLittle) => view.getInt16(at, isLittle),
  u4: (view, at, isLittle) => view.getUint32(at, isLittle),
  i4: (view, at, isLittle) => view.getInt32(at, isLittle),
  u8: (view, at, isLittle) => Number(view.getBigUint64(at, isLittle)),
  i8: (view, at, isLittle) => Number(view.getBigInt64(at, isLittle))
}

const maxLabel = 2 ** 31 - 1

/** The labels of an array of integers, one for each of `numImages` images. */
export const readLabels = Effect.fnUntraced(function* (array: OpenArray, numImages: number) {
  const { header, path, read, size } = array
  const { descr, shape } = header
  const kind = descr.replace(/^[|<>=]/, "")
  const readOne = readers[kind]
  if (readOne === undefined) {
    return yield* malformed(
      path,
      "dtype",
      descr,
      "must be integers, one class for each image",
      "labels.astype('int64')"
    )
  }
  const isColumn = shape.length === 2 && shape[1] === 1
  if (!(shape.length === 1 || isColumn) || shape[0] !== numImages) {
    const problem = `must be ${numImages}, one label for each image`
    return yield* malformed(
      path,
      "shape",
      shape.join(" x ") || "none",
      problem,
      "save the labels of these images"
    )
  }
  const bytesEach = Number(kind.slice(1))
  yield* requireLength({ header, path, size }, bytesEach)
  const bytes = yield* read(header.dataAt, size)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const labels = new Int32Array(numImages)
  for (let image = 0; image < numImages; image++) {
    const label = readOne(view, image * bytesEach, !descr.startsWith(">"))
    if (!(label >= 0 && label <= maxLabel)) {
      const problem = `must be a class, 0 to ${maxLabel}`
      return yield* malformed(path, `label ${image}`, String(label), problem, "count classes from 0")
    }
    labels[image] = label
  }
  return labels
})
