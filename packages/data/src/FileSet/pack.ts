import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Result, Schema } from "effect"
import { DatasetInvalid, DatasetUnreadable } from "../Dataset/errors.ts"
import { ImageUndecodable } from "../Decode/errors.ts"
import { channelsOfFiles, type DecodeOptions } from "../Decode/options.ts"
import type { FileSet } from "../FileSet.ts"
import { checkOf, endBytes, magic, maxHeaderBytes, PackHeader, recordAt, recordBytes } from "./packFormat.ts"
import type { Told } from "./told.ts"

/**
 * The images of a packed file, read by index; it is open until the Scope closes. Nothing is held in memory but the names
 * and 16 bytes for each of them.
 *
 * @param decoding  must be what the files were decoded by: the pack is then the same set as its folder. Nothing: whatever
 *   it was
 */
export const openPack = Effect.fn("FileSet.openPack")(function* (path: string, decoding?: DecodeOptions) {
  const { header, read, records, recordsAt } = yield* Effect.gen(function* () {
    const unbounded = { maxBytes: Number.MAX_SAFE_INTEGER }
    const { read, size } = yield* SafeFile.openToRead(path, unbounded)
    const { header, headerAt } = yield* readHeader(read, path, size)
    const recordsAt = headerAt - header.names.length * recordBytes
    const records = yield* read(Math.max(0, recordsAt), headerAt)
    if (recordsAt < magic.length || checkOf(records) !== header.records) {
      return yield* damaged(path, "its records are not those that were written")
    }
    return { read, header, records, recordsAt }
  }).pipe(Effect.catchTag("PlatformError", (cause) => Effect.fail(unreadable(path, cause))))
  if (decoding !== undefined) yield* requireSameDecoding(path, header, decoding)

  const decode = Effect.fnUntraced(function* (index: number) {
    const name = `${path}: ${header.names[index]}`
    const problem = header.problems[index]
    if (problem !== undefined) return yield* new ImageUndecodable({ file: name, problem, isRead: true })
    const { crc, height, offset, width } = recordAt(records, index)
    const numBytes = height * width * channelsOfFiles
    const isInside = Number.isSafeInteger(offset) && offset >= magic.length && offset + numBytes <= recordsAt
    const bytes = isInside ? yield* read(offset, offset + numBytes) : new Uint8Array()
    const isWhole = numBytes > 0 && bytes.length === numBytes && checkOf(bytes) === crc
    if (isWhole) return { height, width, pixels_HWC: bytes }
    return yield* new ImageUndecodable({
      file: name,
      problem: "its pixels are not those that were packed",
      isRead: true
    })
  })
  const set: FileSet = {
    ...{
      name: header.name,
      path,
      names: header.names,
      isRaw: true,
      ...(header.told && { told: toldIn(header.told) }),
      ...(header.sha256 && { sha256: header.sha256 })
    },
    decode: (index) =>
      Effect.catchTag(decode(index), "PlatformError", ({ message }) =>
        Effect.fail(new ImageUndecodable({ file: path, problem: message, isRead: false }))
      )
  }
  return set
})

const readHeader = Effect.fnUntraced(function* <E>(
  read: (start: number, end: number) => Effect.Effect<Uint8Array, E>,
  path: string,
  size: number
) {
  const end = yield* read(Math.max(0, size - endBytes), size)
  if (end.length < endBytes || new TextDecoder().decode(end.subarray(4)) !== magic) {
    return yield* damaged(path, `it does not end with ${magic}: it was cut off, or is no packed file`)
  }
  const numBytes = new DataView(end.buffer, end.byteOffset).getUint32(0, true)
  const headerAt = size - endBytes - numBytes
  if (numBytes > maxHeaderBytes || headerAt < magic.length) {
    return yield* damaged(path, `its header should have ${numBytes} bytes, and the file has ${size}`)
  }
  const text = new TextDecoder().decode(yield* read(headerAt, headerAt + numBytes))
  const decoded = decodeHeader(text)
  if (Result.isFailure(decoded))
    return yield* damaged(path, `its header: ${decoded.failure.message.split("\n")[0]}`)
  if (!isTold(decoded.success))
    return yield* damaged(path, "its parts and classes are not those of its names")
  return { header: decoded.success, headerAt }
})

/** Whether what is told is of every file, and of no class that is not among the classes. */
const isTold = ({ names, told }: PackHeader): boolean => {
  if (told === undefined) return true
  const { classes, order, parts } = told
  const known = order && new Set<string | null>([...order, null])
  const isEach = classes.length === names.length && parts.length === names.length
  return isEach && (known === undefined || classes.every((name) => known.has(name)))
}

/** JSON has null where there is nothing. */
const toldIn = ({ classes, order, parts }: NonNullable<PackHeader["told"]>): Told => ({
  parts: parts.map((part) => part ?? undefined),
  classes: classes.map((name) => name ?? undefined),
  order
})

const decodeHeader = Schema.decodeUnknownResult(Schema.fromJsonString(PackHeader))

const damaged = (path: string, problem: string) =>
  Effect.fail(unreadable(path, new Error(problem), "pack the images again: npx moco data pack"))

const unreadable = (file: string, cause: unknown, hint = "check the name and its permissions") =>
  new DatasetUnreadable({ file, hint, cause })

const requireSameDecoding = (path: string, { decoding, name }: PackHeader, asked: DecodeOptions) => {
  const wanted = { background: asked.background, maxPixels: asked.maxPixels, shorterSide: asked.shorterSide }
  for (const key of ["shorterSide", "background", "maxPixels"] as const) {
    const [is, should] = [JSON.stringify(decoding[key]), JSON.stringify(wanted[key])]
    if (is === should) continue
    const hint = `set data.files.${key} to ${is}, or pack the images again`
    const problem = `the images of ${path} were packed with ${is}`
    return Effect.fail(
      new DatasetInvalid({ dataset: name, field: `data.files.${key}`, value: should, problem, hint })
    )
  }
  return Effect.void
}
