import { crc32 } from "node:zlib"
import { Schema } from "effect"

/**
 * A packed file: what decoding a set's files gave, so that nothing has to be decoded again.
 *
 *     "MOCOPACK" | pixels, file after file | a record for each | header, JSON | u32 length of the header | "MOCOPACK"
 *
 * All numbers are little-endian. A record has 16 bytes: height and width (u16), CRC-32 of the pixels (u32), where in the
 * file they begin (f64). A file that is no image has height 0, and the header says why. The same files and settings give
 * the same bytes, on however many threads they were decoded.
 */
export const magic = "MOCOPACK"
export const version = 1

/** Bytes behind the header. */
export const endBytes = 4 + magic.length
export const recordBytes = 16

/** A million files of long names. */
export const maxHeaderBytes = 2 ** 28

const level = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))

/** What a packed file says of itself. */
export const PackHeader = Schema.Struct({
  version: Schema.Literal(version),
  /** Of the collection. */
  name: Schema.String.check(Schema.isMinLength(1)),
  channels: Schema.Literal(3),
  /** How the files were decoded. */
  decoding: Schema.Struct({
    background: Schema.Array(level).check(Schema.isMinLength(3), Schema.isMaxLength(3)),
    maxPixels: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 2 ** 30 })),
    shorterSide: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8192 }))
  }),
  names: Schema.Array(Schema.String).check(Schema.isMinLength(1)),
  /** What is wrong with files that are no images, by their place among the names. */
  problems: Schema.Record(Schema.String, Schema.String),
  /** Parts and classes, where the folders do not tell them; null where an image is of none. */
  told: Schema.optionalKey(
    Schema.Struct({
      parts: Schema.Array(Schema.NullOr(Schema.Literals(["train", "test", "validation"]))),
      classes: Schema.Array(Schema.NullOr(Schema.String)),
      order: Schema.optionalKey(Schema.Array(Schema.String))
    })
  ),
  /** What is known of the content of the files that were packed, by what it is of. */
  sha256: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** CRC-32 of the records. */
  records: Schema.Int
})
export type PackHeader = typeof PackHeader.Type

/** Where a file's pixels are, and how it is known that they are whole. */
export interface PackRecord {
  readonly height: number
  readonly width: number
  readonly crc: number
  readonly offset: number
}

/** A side of an image that fits into a record. */
export const maxSide = 0xffff

/** One record after the other. */
export const encodeRecords = (records: ReadonlyArray<PackRecord>): Uint8Array => {
  const view = new DataView(new ArrayBuffer(records.length * recordBytes))
  for (const [place, { crc, height, offset, width }] of records.entries()) {
    const at = place * recordBytes
    view.setUint16(at, height, true)
    view.setUint16(at + 2, width, true)
    view.setUint32(at + 4, crc, true)
    view.setFloat64(at + 8, offset, true)
  }
  return new Uint8Array(view.buffer)
}

/** The record at a place. */
export const recordAt = (records: Uint8Array, place: number): PackRecord => {
  const view = new DataView(records.buffer, records.byteOffset + place * recordBytes, recordBytes)
  return {
    height: view.getUint16(0, true),
    width: view.getUint16(2, true),
    crc: view.getUint32(4, true),
    offset: view.getFloat64(8, true)
  }
}

/** How it is known that bytes are what was written. */
export const checkOf = (bytes: Uint8Array): number => crc32(bytes)
