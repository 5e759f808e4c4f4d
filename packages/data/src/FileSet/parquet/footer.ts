import { type FileMetaData, parquetMetadata } from "hyparquet"
import { ParquetFault } from "./Fault.ts"
import { skim } from "./skim.ts"

/** What stands behind the footer: its length, and the magic bytes. */
export const tailBytes = 8

/** Columns of millions of row groups; such a file is none of images. */
const maxFooterBytes = 2 ** 26

/** Elements of a schema: a set of images has some ten. */
const maxElements = 2000

/** Rows that a file may have beside one for each of its bytes: equal images may be a bit each. */
const maxFreeRows = 2 ** 16

/** Bytes of the footer with what stands behind it. */
export const footerLength = (tail: Uint8Array, size: number): number => {
  const magic = tail.length === tailBytes ? String.fromCharCode(...tail.subarray(4)) : ""
  if (magic === "PARE") throw new ParquetFault("an encrypted footer", "must not be encrypted")
  if (magic !== "PAR1") throw new ParquetFault("other bytes at the end", "must be PAR1: the file was cut off")
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true) + tailBytes
  // The magic bytes stand at the beginning, too.
  if (length > size - 4 || length > maxFooterBytes) {
    throw new ParquetFault(`a footer of ${length - tailBytes} bytes`, `must be within the file's ${size}`)
  }
  return length
}

/** Reads the footer of a file, from its first byte to the end of the file. */
export const readFooter = (footer: Uint8Array, size: number): FileMetaData => {
  const end = skim(footer, 0)
  if (end === undefined) throw new ParquetFault("an incomplete footer", "must be whole")
  const metadata = parquetMetadata(footer, { geoparquet: false })
  const { num_rows, row_groups, schema } = metadata
  if (schema.length > maxElements || depthOf(schema.map((element) => element.num_children ?? 0)) > maxDepth) {
    throw new ParquetFault(`a schema of ${schema.length} elements`, "must be that of a table of images")
  }
  if (num_rows < 1n || num_rows > BigInt(size + maxFreeRows)) {
    throw new ParquetFault(
      `${num_rows} rows`,
      num_rows < 1n ? "must be 1 or more" : "must be no more than its bytes"
    )
  }
  const sum = row_groups.reduce((total, group) => total + group.num_rows, 0n)
  if (sum !== num_rows || row_groups.some((group) => group.num_rows < 0n)) {
    throw new ParquetFault(`${sum} rows in row groups`, `must be ${num_rows}, as the footer says`)
  }
  return metadata
}

const maxDepth = 16

/** Of a tree that is written in the order of its nodes, each with the number of its children. */
const depthOf = (numChildren: ReadonlyArray<number>): number => {
  const open: Array<number> = []
  let deepest = 0
  for (const count of numChildren) {
    while (open.at(-1) === 0) open.pop()
    if (open.length > 0) open[open.length - 1]! -= 1
    open.push(count)
    deepest = Math.max(deepest, open.length)
    if (deepest > maxDepth) break
  }
  return deepest
}
