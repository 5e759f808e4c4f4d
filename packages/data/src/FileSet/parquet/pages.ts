import { Effect } from "effect"
import type { ColumnMetaData, PageHeader } from "hyparquet"
import { parquetHeader } from "hyparquet/src/column.js"
import type { Column } from "./columns.ts"
import { attempt, ParquetFault } from "./Fault.ts"
import { skim } from "./skim.ts"

/** A page of a column: what is read and decompressed at once. */
export interface Page {
  readonly at: number
  /** As it lies in the file. */
  readonly storedBytes: number
  readonly numBytes: number
  readonly numValues: number
  readonly encoding: string
  /** Of a page of the format's second version. */
  readonly v2: { readonly definitionBytes: number; readonly isCompressed: boolean } | undefined
}

/** The pages of a column in a group of rows. */
export interface Pages {
  readonly column: Column
  readonly codec: ColumnMetaData["codec"]
  readonly dictionary: Page | undefined
  readonly pages: ReadonlyArray<Page>
  /** The row of the group that each page begins with. */
  readonly firstRows: ReadonlyArray<number>
}

/** Bytes that are read for a header; what it says of the least and the greatest value may be longer. */
const headerBytes = 2 ** 14
const maxHeaderBytes = 2 ** 22

/** Reads the bytes `start` to `end - 1` of a file; fewer where it ends before. */
export type Read<E> = (start: number, end: number) => Effect.Effect<Uint8Array, E>

/**
 * Finds the pages of a column in a group of rows by their headers alone: what is between them is passed over.
 *
 * @param end  where in the file the last page may end
 */
export const listPages = Effect.fnUntraced(function* <E>(
  read: Read<E>,
  chunk: ColumnMetaData,
  column: Column,
  numRows: number,
  end: number
) {
  const data = Number(chunk.data_page_offset)
  // 0 where there is none: some writers say it so.
  const dictionaryAt = Number(chunk.dictionary_page_offset ?? 0)
  const begin = dictionaryAt === 0 ? data : Math.min(data, dictionaryAt)
  const chunkEnd = begin + Number(chunk.total_compressed_size)
  if (!(begin >= 4 && chunkEnd >= begin && chunkEnd <= end)) {
    return yield* Effect.fail(
      new ParquetFault(`pages at bytes ${begin} to ${chunkEnd}`, "must be within the file")
    )
  }
  const pages: Array<Page> = []
  const firstRows: Array<number> = []
  let dictionary: Page | undefined
  let [at, row] = [begin, 0]
  while (row < numRows) {
    const { header, length } = yield* headerAt(read, at, chunkEnd)
    const page = yield* Effect.fromResult(
      attempt("the header of a page", () => pageOf(header, at + length, chunk.codec))
    )
    at = page.at + page.storedBytes
    if (at > chunkEnd) return yield* Effect.fail(new ParquetFault("a page", "must be within its column"))
    if (header.type === "DICTIONARY_PAGE") dictionary = page
    if (header.type !== "DATA_PAGE" && header.type !== "DATA_PAGE_V2") continue
    pages.push(page)
    firstRows.push(row)
    row += page.numValues
  }
  if (row !== numRows) {
    return yield* Effect.fail(
      new ParquetFault(`${row} values in pages`, `must be ${numRows}, one for each row`)
    )
  }
  const found: Pages = { column, codec: chunk.codec, dictionary, pages, firstRows }
  return found
})

/** The header of the page at a byte, and how long it is. */
const headerAt = Effect.fnUntraced(function* <E>(read: Read<E>, at: number, end: number) {
  for (let wanted = headerBytes; ; wanted = maxHeaderBytes) {
    const bytes = yield* read(at, Math.min(end, at + wanted))
    const found = yield* Effect.fromResult(
      attempt("the header of a page", () => {
        const length = skim(bytes, 0)
        return length === undefined
          ? undefined
          : { length, header: parquetHeader({ view: viewOf(bytes), offset: 0 }) }
      })
    )
    if (found !== undefined) return found
    if (bytes.length < wanted || wanted === maxHeaderBytes) {
      return yield* Effect.fail(new ParquetFault("the header of a page", "must be whole"))
    }
  }
})

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** What is needed of a header: the rest holds on to the bytes that it was read from. */
const pageOf = (header: PageHeader, at: number, codec: ColumnMetaData["codec"]): Page => {
  const {
    compressed_page_size: storedBytes,
    data_page_header_v2: v2,
    uncompressed_page_size: numBytes
  } = header
  const known = header.data_page_header ?? v2 ?? header.dictionary_page_header
  const numValues = known?.num_values ?? 0
  const isCount = [storedBytes, numBytes, numValues].every((count) => Number.isInteger(count) && count >= 0)
  if (!isCount)
    throw new ParquetFault(`a page of ${storedBytes} bytes`, "must have counts that are none below 0")
  const most = codec === "UNCOMPRESSED" ? storedBytes : Math.max(freeBytes, maxRatio * storedBytes)
  if (numBytes > most)
    throw new ParquetFault(`a page of ${numBytes} bytes in ${storedBytes}`, `must be ${most} at most`)
  if (v2 !== undefined && v2.repetition_levels_byte_length !== 0) {
    throw new ParquetFault("a list in each row", "must be one value")
  }
  return {
    ...{ at, storedBytes, numBytes, numValues, encoding: known?.encoding ?? "" },
    v2: v2 && { definitionBytes: v2.definition_levels_byte_length, isCompressed: v2.is_compressed !== false }
  }
}

/** As much as DEFLATE can make of a byte; images do not even halve. */
const maxRatio = 1032
/** Bytes that may be less than a bit in the file: equal labels. */
const freeBytes = 2 ** 21
