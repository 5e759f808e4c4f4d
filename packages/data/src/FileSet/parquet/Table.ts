import { createHash } from "node:crypto"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect } from "effect"
import type { DatasetUnreadable } from "../../Dataset/errors.ts"
import { malformed, noImages, unreadableFile } from "../faults.ts"
import type { Shard } from "../shards.ts"
import { type Column, type Columns, findColumns } from "./columns.ts"
import { attempt, NoImageColumn, ParquetFault } from "./Fault.ts"
import { footerLength, readFooter, tailBytes } from "./footer.ts"
import { listPages, type Pages, type Read } from "./pages.ts"
import { readDictionary, readPage, type Value } from "./values.ts"

/** A Parquet file of images: where the pages of its columns are. Nothing of the images is held. */
export interface Table {
  readonly shard: Shard
  readonly numRows: number
  readonly columns: Columns
  readonly groups: ReadonlyArray<Group>
  /** SHA-256 of the footer, which tells sizes and places of all that is in the file. */
  readonly sha256: string
}

/** Rows that lie together. */
export interface Group {
  readonly firstRow: number
  readonly image: Pages
  readonly label: Pages | undefined
}

const unbounded = { maxBytes: Number.MAX_SAFE_INTEGER }

const hint =
  "fetch the file again, or write it again: datasets.Dataset.to_parquet(FILE), or pyarrow.parquet.write_table(TABLE, FILE)"

/** Says what is wrong with a file. */
export const refused = (path: string, fault: ParquetFault) =>
  (fault instanceof NoImageColumn ? noImages : malformed)(
    path,
    "Parquet file",
    fault.value,
    fault.message,
    hint
  )

/** Opens a file to be read in parts, for as long as `use` takes: a set has more files than a process may have open. */
const within = <A, E, R>(
  path: string,
  use: (read: Read<DatasetUnreadable>, size: number) => Effect.Effect<A, E, R>
) =>
  Effect.scoped(
    Effect.flatMap(
      Effect.mapError(SafeFile.openToRead(path, unbounded), unreadableFile(path)),
      ({ read, size }) => use((start, end) => Effect.mapError(read(start, end), unreadableFile(path)), size)
    )
  )

/** Reads where everything is in a file. */
export const openTable = (shard: Shard) =>
  within(
    shard.path,
    Effect.fnUntraced(
      function* (read, size) {
        const tail = yield* read(Math.max(0, size - tailBytes), size)
        const length = yield* Effect.fromResult(
          attempt("the end of the file", () => footerLength(tail, size))
        )
        const footer = yield* read(size - length, size)
        const { columns, metadata } = yield* Effect.fromResult(
          attempt("a footer", () => {
            const found = readFooter(footer, size)
            return { metadata: found, columns: findColumns(found) }
          })
        )
        const groups: Array<Group> = []
        let firstRow = 0
        for (const group of metadata.row_groups) {
          const numRows = Number(group.num_rows)
          const pagesOf = Effect.fnUntraced(function* (column: Column) {
            const chunk = group.columns.find(
              ({ meta_data }) => meta_data?.path_in_schema?.join("\0") === column.path.join("\0")
            )
            if (chunk?.meta_data === undefined || chunk.file_path) {
              return yield* Effect.fail(
                new ParquetFault(`no column ${column.path.join(".")}`, "must be in every row group")
              )
            }
            return yield* listPages(read, chunk.meta_data, column, numRows, size - length)
          })
          const { image, label } = columns
          groups.push({ firstRow, image: yield* pagesOf(image), label: label && (yield* pagesOf(label)) })
          firstRow += numRows
        }
        const sha256 = createHash("sha256").update(footer).digest("hex")
        const table: Table = { shard, numRows: firstRow, columns, groups, sha256 }
        return table
      },
      Effect.catchIf(
        (error) => error instanceof ParquetFault,
        (fault) => Effect.fail(refused(shard.path, fault))
      )
    )
  )

/** The values of one page of a column, and the bytes that they hold on to. */
export const readValues = (path: string, pages: Pages, place: number) =>
  within(path, (read) =>
    Effect.gen(function* () {
      const bytesOf = Effect.fnUntraced(function* ({ at, storedBytes }: Pages["pages"][number]) {
        const bytes = yield* read(at, at + storedBytes)
        if (bytes.length === storedBytes) return bytes
        return yield* Effect.fail(
          new ParquetFault(`${bytes.length} bytes of a page`, `must be ${storedBytes}`)
        )
      })
      const page = pages.pages[place]!
      const isIndexed = page.encoding.endsWith("_DICTIONARY") && pages.dictionary !== undefined
      const stored = isIndexed ? yield* bytesOf(pages.dictionary!) : undefined
      const bytes = yield* bytesOf(page)
      const values = yield* Effect.fromResult(
        attempt("a page", () =>
          readPage(pages, page, bytes, stored && readDictionary(pages, pages.dictionary!, stored))
        )
      )
      const numBytes = page.numBytes + (stored === undefined ? 0 : pages.dictionary!.numBytes)
      return { values, numBytes }
    })
  )

/** All values of a column, in the order of the rows. */
export const readColumn = Effect.fnUntraced(function* (path: string, pages: Pages) {
  const all: Array<ReadonlyArray<Value>> = []
  for (const place of pages.pages.keys()) all.push((yield* readValues(path, pages, place)).values)
  return all.flat()
})
