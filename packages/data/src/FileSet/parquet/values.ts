import * as zlib from "node:zlib"
import { decompressPage } from "hyparquet/src/datapage.js"
import { deltaBinaryUnpack, deltaLengthByteArray } from "hyparquet/src/delta.js"
import { readVarInt } from "hyparquet/src/thrift.js"
import { compressors, decompressZstd } from "hyparquet-compressors"
import type { Column } from "./columns.ts"
import { ParquetFault } from "./Fault.ts"
import type { Page, Pages } from "./pages.ts"
import { readRuns } from "./runs.ts"

/** A value of a column; null where it is missing. */
export type Value = Uint8Array | number | bigint | null

/** No more bytes than a page becomes by its header, whatever its content says of itself. */
const decompressors = {
  ...compressors,
  GZIP: (input: Uint8Array, length: number) =>
    zlib.gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input: Uint8Array, length: number) =>
    zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  // Node 20 has none; the other takes long over some content that is none.
  ZSTD: (input: Uint8Array, length: number) =>
    "zstdDecompressSync" in zlib
      ? zlib.zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) })
      : decompressZstd(input, new Uint8Array(length))
}

/**
 * The values of a page, in the order of its rows. Bytes are views of the page's memory.
 *
 * @param bytes  the page as it lies in the file;  @param dictionary  values that those of the page may be numbers of
 */
export const readPage = (
  { codec, column }: Pages,
  page: Page,
  bytes: Uint8Array,
  dictionary: ReadonlyArray<Value> | undefined
): ReadonlyArray<Value> => {
  const { definition, values } = partsOf(page, codec, column, bytes)
  const isThere =
    column.maxDefinition === 0
      ? undefined
      : readRuns(definition, bitsOf(column.maxDefinition), page.numValues)
  const numThere =
    isThere === undefined ? page.numValues : isThere.filter((level) => level === column.maxDefinition).length
  const found = decodeValues(page, column, values, numThere, dictionary)
  if (isThere === undefined || numThere === page.numValues) return found
  let next = 0
  return Array.from(isThere, (level) => (level === column.maxDefinition ? found[next++]! : null))
}

/** The values of a dictionary's page, which has no levels. */
export const readDictionary = (
  { codec, column }: Pages,
  page: Page,
  bytes: Uint8Array
): ReadonlyArray<Value> => {
  const values = decompressPage(bytes, page.numBytes, codec, decompressors)
  return plain(values, column, page.numValues)
}

/** A page of the first version is compressed as a whole, its levels behind their length; of the second, its values are. */
const partsOf = (page: Page, codec: Pages["codec"], column: Column, bytes: Uint8Array) => {
  if (page.v2 === undefined) {
    const whole = decompressPage(bytes, page.numBytes, codec, decompressors)
    if (column.maxDefinition === 0) return { definition: noBytes, values: whole }
    const length = viewOf(whole).getUint32(0, true)
    if (length > whole.length - 4)
      throw new ParquetFault(`${length} bytes of levels`, "must be within their page")
    return { definition: whole.subarray(4, 4 + length), values: whole.subarray(4 + length) }
  }
  const { definitionBytes, isCompressed } = page.v2
  if (definitionBytes > bytes.length || definitionBytes > page.numBytes) {
    throw new ParquetFault(`${definitionBytes} bytes of levels`, "must be within their page")
  }
  const stored = bytes.subarray(definitionBytes)
  const values = isCompressed
    ? decompressPage(stored, page.numBytes - definitionBytes, codec, decompressors)
    : stored
  return { definition: bytes.subarray(0, definitionBytes), values }
}

const noBytes = new Uint8Array()

const decodeValues = (
  { encoding }: Page,
  column: Column,
  values: Uint8Array,
  count: number,
  dictionary: ReadonlyArray<Value> | undefined
): ReadonlyArray<Value> => {
  switch (encoding) {
    case "PLAIN":
      return plain(values, column, count)
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      return fromDictionary(values, count, dictionary)
    case "DELTA_BINARY_PACKED":
    case "DELTA_LENGTH_BYTE_ARRAY":
      return fromDeltas(values, column, count)
    default:
      throw new ParquetFault(
        `values that are encoded as ${encoding}`,
        "must be plain, by a dictionary, or by deltas"
      )
  }
}

/** One value after the other. */
const plain = (bytes: Uint8Array, { element: { type } }: Column, count: number): ReadonlyArray<Value> => {
  const view = viewOf(bytes)
  const least = type === "INT64" ? 8 : 4
  if (count * least > bytes.length)
    throw new ParquetFault(`${count} values`, `must be within the ${bytes.length} bytes of their page`)
  if (type === "INT32") return Array.from({ length: count }, (_, place) => view.getInt32(4 * place, true))
  if (type === "INT64") return Array.from({ length: count }, (_, place) => view.getBigInt64(8 * place, true))
  let at = 0
  return Array.from({ length: count }, () => {
    const length = view.getUint32(at, true)
    if (length > bytes.length - at - 4)
      throw new ParquetFault(`a value of ${length} bytes`, "must be within its page")
    at += 4 + length
    return bytes.subarray(at - length, at)
  })
}

const fromDictionary = (
  values: Uint8Array,
  count: number,
  dictionary: ReadonlyArray<Value> | undefined
): ReadonlyArray<Value> => {
  if (dictionary === undefined)
    throw new ParquetFault("no dictionary", "must be there: values are numbers of its")
  if (count === 0) return []
  return Array.from(readRuns(values.subarray(1), values[0] ?? 0, count), (place) => {
    const value = dictionary[place]
    if (value === undefined)
      throw new ParquetFault(`value ${place}`, `must be one of the dictionary's ${dictionary.length}`)
    return value
  })
}

/** Deltas to a block; programs write 128. */
const maxBlock = 2 ** 16

/** Integers, or lengths of values, as differences; how they are packed is the library's to know. */
const fromDeltas = (
  values: Uint8Array,
  { element: { type } }: Column,
  count: number
): ReadonlyArray<Value> => {
  if (count === 0) return []
  const reader = { view: viewOf(values), offset: 0 }
  const [blockSize, numParts] = [readVarInt(reader), readVarInt(reader)]
  // The library goes by both without a look at them.
  if (!(numParts >= 1 && numParts <= blockSize && blockSize <= maxBlock && blockSize % numParts === 0)) {
    throw new ParquetFault(`blocks of ${blockSize} deltas in ${numParts} parts`, "must be of equal parts")
  }
  reader.offset = 0
  if (type === "BYTE_ARRAY") {
    const found = new Array<Uint8Array>(count)
    deltaLengthByteArray(reader, count, found)
    return found
  }
  const found = type === "INT64" ? new BigInt64Array(count) : new Int32Array(count)
  deltaBinaryUnpack(reader, count, found)
  return Array.from<Value>(found)
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const bitsOf = (value: number): number => 32 - Math.clz32(value)
