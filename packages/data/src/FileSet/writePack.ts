import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Result, Stream } from "effect"
import type { ImageUndecodable } from "../Decode/errors.ts"
import { channelsOfFiles, type DecodeOptions } from "../Decode/options.ts"
import type { FileSet } from "../FileSet.ts"
import type { Image } from "../ImageSource.ts"
import { unreadableFile } from "./faults.ts"
import {
  checkOf,
  encodeRecords,
  endBytes,
  magic,
  maxSide,
  type PackHeader,
  type PackRecord,
  version
} from "./packFormat.ts"
import type { Told } from "./told.ts"

/** Images that are decoded and wait to be written: so much memory is needed, however many files there are. */
const ahead = 64

const encoder = new TextEncoder()

/**
 * Decodes every file of a set once and writes what came of it into one file, which appears when it is whole. It may be
 * interrupted, and leaves nothing then.
 *
 * @param decoding  what the set is decoded by
 * @param observe  is told how many files are done
 * @returns the files that are no images, and why
 */
export const writePack = Effect.fn("FileSet.writePack")(function* (
  set: FileSet,
  decoding: DecodeOptions,
  path: string,
  observe: (numDone: number) => Effect.Effect<void> = () => Effect.void
) {
  const problems: Record<string, string> = {}
  const records: Array<PackRecord> = []
  let offset = magic.length
  yield* SafeFile.replaceBy(
    path,
    Effect.fnUntraced(function* (file) {
      yield* file.writeAll(encoder.encode(magic))
      yield* Stream.range(0, set.names.length - 1).pipe(
        // In the order of the names, whichever is done first.
        Stream.mapEffect((index) => decoded(set, index), { concurrency: ahead }),
        Stream.runForEach((result) => {
          const { pixels, problem, record } = packed(result, offset)
          if (problem !== undefined) problems[records.length] = problem
          offset += pixels.length
          records.push(record)
          return Effect.andThen(file.writeAll(pixels), observe(records.length))
        })
      )
      const table = encodeRecords(records)
      const { background, maxPixels, shorterSide } = decoding
      const header: PackHeader = {
        ...{ version, name: set.name, channels: channelsOfFiles, names: set.names, problems },
        decoding: { background, maxPixels, shorterSide },
        records: checkOf(table),
        ...(set.told && { told: toldOut(set.told) }),
        ...(set.sha256 && { sha256: set.sha256 })
      }
      const text = encoder.encode(JSON.stringify(header))
      yield* file.writeAll(Buffer.concat([table, text, endOf(text.length)]))
    })
  )
  return Object.entries(problems).map(([index, problem]) => ({ file: set.names[Number(index)]!, problem }))
})

/** What a file became, or why it is no image. One that cannot be read may be one: nothing is packed without it. */
const decoded = (set: FileSet, index: number) =>
  set.decode(index).pipe(
    Effect.retry({ times: 2, while: ({ isRead }) => !isRead }),
    Effect.result,
    Effect.tap((result) =>
      Result.isFailure(result) && !result.failure.isRead
        ? Effect.fail(unreadableFile(result.failure.file)(new Error(result.failure.problem)))
        : Effect.void
    )
  )

const toldOut = ({ classes, order, parts }: Told): NonNullable<PackHeader["told"]> => ({
  parts: parts.map((part) => part ?? null),
  classes: classes.map((name) => name ?? null),
  ...(order && { order })
})

interface Packed {
  readonly pixels: Uint8Array
  readonly record: PackRecord
  readonly problem: string | undefined
}

const packed = (result: Result.Result<Image, ImageUndecodable>, offset: number): Packed => {
  const none = { pixels: new Uint8Array(), record: { height: 0, width: 0, crc: 0, offset: 0 } }
  if (Result.isFailure(result)) return { ...none, problem: result.failure.problem }
  const { height, pixels_HWC, width } = result.success
  if (height > maxSide || width > maxSide) {
    return {
      ...none,
      problem: `it has ${height} x ${width} pixels, and ${maxSide} a side are the most in a packed file`
    }
  }
  const record = { height, width, crc: checkOf(pixels_HWC), offset }
  return { pixels: pixels_HWC, record, problem: undefined }
}

const endOf = (headerBytes: number): Uint8Array => {
  const end = new Uint8Array(endBytes)
  new DataView(end.buffer).setUint32(0, headerBytes, true)
  end.set(encoder.encode(magic), 4)
  return end
}
