import { Effect, type FileSystem, Semaphore } from "effect"
import { ImageUndecodable } from "../Decode/errors.ts"
import type { DecodeOptions } from "../Decode/options.ts"
import type { FileSet } from "../FileSet.ts"
import { malformed, shown } from "./faults.ts"
import { decodeFilePart } from "./images.ts"
import { ParquetFault } from "./parquet/Fault.ts"
import { PageCache } from "./parquet/PageCache.ts"
import { openTable, readColumn, readValues, refused, type Table } from "./parquet/Table.ts"
import type { Value } from "./parquet/values.ts"
import type { Collection } from "./shards.ts"
import { type ClassKey, partsOfShards, type Told, toldByLabels } from "./told.ts"

/** Bytes of decompressed pages that are held: pages have a megabyte, and images that are near are asked for together. */
const cacheBytes = 2 ** 27

/** Files that are looked through at the same time. */
const concurrency = 4

/**
 * The images in Parquet files, as Hugging Face's library writes them: footers and the headers of pages are read once, and
 * the page of an image when it is asked for. Labels are held, and 128 MiB of pages.
 */
export const openParquet = Effect.fn("FileSet.openParquet")(function* (
  { name, notes, path, shards }: Collection,
  decoding: DecodeOptions
) {
  const tables = yield* Effect.forEach(shards, openTable, { concurrency })
  const labels = yield* Effect.forEach(tables, labelsOf, { concurrency })
  const names = tables.flatMap(({ numRows, shard }) =>
    Array.from({ length: numRows }, (_, row) => `${shard.name}/${String(row).padStart(9, "0")}`)
  )
  const context = yield* Effect.context<FileSystem.FileSystem>()
  const bytesOf = yield* readingFrom(tables)
  const decode = yield* decodeFilePart
  const set: FileSet = {
    ...{ name, path, names, told: yield* toldOf(tables, labels) },
    sha256: Object.fromEntries(tables.map(({ sha256, shard }) => [`footer of ${shard.name}`, sha256])),
    notes: [...notes, ...new Set(tables.flatMap(({ columns }) => columns.notes)), ...notesOf(labels)],
    decode: Effect.fnUntraced(function* (index: number) {
      const { bytes, file } = yield* Effect.provideContext(bytesOf(index), context)
      return yield* decode({ ...decoding, path: file, bytes }, file)
    })
  }
  return set
})

/** Reads the bytes of the image of a row, one page after the other. */
const readingFrom = Effect.fnUntraced(function* (tables: ReadonlyArray<Table>) {
  const cache = new PageCache(cacheBytes)
  const oneByOne = yield* Semaphore.make(1)
  const places = tables.flatMap((table) => table.groups.map((group) => ({ table, group })))
  let start = 0
  const starts = places.map(({ group }) => {
    const before = start
    start += group.image.pages.reduce((sum, page) => sum + page.numValues, 0)
    return before
  })
  const valuesOf = Effect.fnUntraced(function* (place: number, page: number) {
    const key = `${place}/${page}`
    const known = cache.get(key)
    if (known !== undefined) return known
    const { group, table } = places[place]!
    const { numBytes, values } = yield* readValues(table.shard.path, group.image, page)
    cache.put(key, values, numBytes)
    return values
  })
  return Effect.fnUntraced(function* (index: number) {
    const place = lastAtMost(starts, index)
    const { group, table } = places[place]!
    const row = index - starts[place]!
    const file = `${table.shard.path}: row ${group.firstRow + row}`
    const page = lastAtMost(group.image.firstRows, row)
    const values = yield* oneByOne
      .withPermits(1)(valuesOf(place, page))
      .pipe(
        Effect.mapError((error) =>
          error instanceof ParquetFault
            ? new ImageUndecodable({
                file,
                problem: `its page: ${shown(error.value)} ${error.message}`,
                isRead: true
              })
            : new ImageUndecodable({ file, problem: error.message, isRead: false })
        )
      )
    const value = values[row - group.image.firstRows[page]!]
    // Of its own memory: what is sent to another thread is sent with all that it is a view of.
    if (value instanceof Uint8Array) return { file, bytes: new Uint8Array(value) }
    const problem = "the row has no bytes; a path that leads elsewhere is not followed"
    return yield* new ImageUndecodable({ file, problem, isRead: true })
  })
})

/** The place of the last of ascending numbers that is not above. */
const lastAtMost = (ascending: ReadonlyArray<number>, value: number): number => {
  let [low, high] = [0, ascending.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (ascending[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** What Hugging Face's library writes where an image has no class. */
const noClass = -1
const maxLabel = 2 ** 31 - 1

/** The class of every row, or none where it has none. */
const labelsOf = Effect.fnUntraced(function* ({ columns, groups, numRows, shard }: Table) {
  const { classes, label: column } = columns
  if (column === undefined) return new Array<ClassKey | undefined>(numRows).fill(undefined)
  const labels: Array<ClassKey | undefined> = []
  for (const { label } of groups) {
    const values = yield* Effect.catchIf(
      readColumn(shard.path, label!),
      (error) => error instanceof ParquetFault,
      (fault) => Effect.fail(refused(shard.path, fault))
    )
    for (const value of values) {
      const key = keyOf(value)
      const most = classes === undefined ? maxLabel : classes.length - 1
      if (typeof key === "number" && key !== noClass && !(key >= 0 && key <= most)) {
        const problem = `must be 0 to ${most}, or ${noClass} where an image has no class`
        const hint = "write labels that count classes from 0"
        return yield* malformed(
          shard.path,
          `${column.path[0]} of row ${labels.length}`,
          String(key),
          problem,
          hint
        )
      }
      labels.push(key === noClass ? undefined : key)
    }
  }
  return labels
})

const keyOf = (value: Value): ClassKey | undefined => {
  if (value === null) return undefined
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : Number(value)
}

const toldOf = Effect.fnUntraced(function* (
  tables: ReadonlyArray<Table>,
  labels: ReadonlyArray<ReadonlyArray<ClassKey | undefined>>
) {
  const parts = partsOfShards(tables.map(({ shard }) => shard.name))
  const [{ classes, shard }] = [{ ...tables[0]!, ...tables[0]!.columns }]
  const other = tables.find(({ columns }) => JSON.stringify(columns.classes) !== JSON.stringify(classes))
  if (other !== undefined) {
    const problem = `must be those of ${shard.name}, in their order`
    const hint = "write all files of one data set, or name those that belong together"
    return yield* malformed(other.shard.path, "class names", "others", problem, hint)
  }
  const keys = labels.flat()
  const byName = {
    classes: keys.map((key) => (typeof key === "number" ? classes?.[key] : undefined)),
    order: classes
  }
  const told: Told = {
    ...(classes === undefined ? toldByLabels(keys) : byName),
    parts: tables.flatMap(({ numRows }, place) => new Array(numRows).fill(parts[place]))
  }
  return told
})

function* notesOf(labels: ReadonlyArray<ReadonlyArray<ClassKey | undefined>>): Generator<string> {
  const keys = labels.flat()
  const numWithout = keys.filter((key) => key === undefined).length
  if (numWithout > 0 && numWithout < keys.length) yield `${numWithout} of ${keys.length} rows have no label`
}
