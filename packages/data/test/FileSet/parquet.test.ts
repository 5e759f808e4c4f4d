import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import { openFiles } from "@moco/data/FileSet/open"
import { type Column, findColumns } from "@moco/data/FileSet/parquet/columns"
import { ParquetFault } from "@moco/data/FileSet/parquet/Fault"
import { PageCache } from "@moco/data/FileSet/parquet/PageCache"
import type { Pages } from "@moco/data/FileSet/parquet/pages"
import { readRuns } from "@moco/data/FileSet/parquet/runs"
import { skim } from "@moco/data/FileSet/parquet/skim"
import { openTable, readValues } from "@moco/data/FileSet/parquet/Table"
import { readPage } from "@moco/data/FileSet/parquet/values"
import * as Files from "@moco/data/Files"
import { Effect, type FileSystem, type Path, type Scope } from "effect"
import fc from "fast-check"
import type { FileMetaData } from "hyparquet"
import { deserializeTCompactProtocol } from "hyparquet/src/thrift.js"
import { folderOf } from "./imageFiles.ts"

const { background, maxPixels, shorterSide } = Files.usualFiles
const decoding = { background, maxPixels, shorterSide }

/** What pyarrow has written, see tools/parity/record_collections.py. */
const recorded = join(import.meta.dirname, "../parity/collections")
const fileOf = (name: string) => readFileSync(join(recorded, `${name}.parquet`))

const test = <E>(body: Effect.Effect<void, E, FileSystem.FileSystem | Path.Path | Scope.Scope>) =>
  body.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const shardAt = (path: string) => ({ name: "x.parquet", path, numBytes: 0 })

describe("a Parquet file", () => {
  it.effect("has the names of its classes, in the order of its labels", () =>
    test(
      Effect.gen(function* () {
        const { told } = yield* openFiles(join(recorded, "snappy-1.0.parquet"), decoding)
        assert.deepStrictEqual(told?.order, ["ant", "bee", "cat"])
        assert.deepStrictEqual(told?.classes.slice(0, 4), ["ant", "bee", "cat", "ant"])
        const numbers = yield* openFiles(join(recorded, "binary.parquet"), decoding)
        assert.deepStrictEqual(numbers.told?.order, ["7", "9"])
      })
    )
  )

  it.effect("leaves its labels alone where some images have none, and says so", () =>
    test(
      Effect.gen(function* () {
        const { notes, told } = yield* openFiles(join(recorded, "unlabelled.parquet"), decoding)
        assert.deepStrictEqual(told?.classes, ["ant", "bee", undefined, undefined])
        assert.deepStrictEqual(notes, ["2 of 4 rows have no label"])
        const truths = yield* openFiles(join(recorded, "truths.parquet"), decoding)
        const words = "the column label holds neither whole numbers nor names: it is not used"
        assert.deepStrictEqual([truths.told?.classes, truths.notes], [[undefined, undefined], [words]])
      })
    )
  )

  it.effect("has no image where a row has no bytes, and reads no path in their place", () =>
    test(
      Effect.gen(function* () {
        const set = yield* openFiles(join(recorded, "missing.parquet"), decoding)
        const results = yield* Effect.forEach([0, 1, 2, 3], (row) => Effect.result(set.decode(row)))
        assert.deepStrictEqual(
          results.map((result) =>
            result._tag === "Success" ? result.success.pixels_HWC[0] : result.failure.problem
          ),
          [
            5,
            ...Array<string>(2).fill("the row has no bytes; a path that leads elsewhere is not followed"),
            35
          ]
        )
      })
    )
  )

  const bad: ReadonlyArray<readonly [name: string, words: string]> = [
    ["label-3-of-3", "label of row 2 = 3: must be 0 to 2, or -1 where an image has no class"],
    ["negative-label", "label of row 1 = -5: must be 0 to 2147483647"],
    ["two-columns", "several columns of bytes: left, right: must be one, or one that is called image"],
    ["no-images", "the columns text, score: must be one of images: binary, or a structure"],
    ["lists", "the columns image: must be one of images"],
    ["empty", "0 rows: must be 1 or more"]
  ]
  for (const [name, words] of bad) {
    it.effect(`is told of: ${words}`, () =>
      test(
        Effect.gen(function* () {
          const path = join(recorded, `${name}.parquet`)
          const { message } = yield* Effect.flip(openFiles(path, decoding))
          assert.include(message, `data set ${path}: `)
          assert.include(message, words)
        })
      )
    )
  }

  it.effect("never is taken for whole where it was cut", () =>
    test(
      Effect.gen(function* () {
        const path = join(yield* folderOf({}), "x.parquet")
        const whole = fileOf("zstd-2.0")
        yield* Property.check(fc.integer({ min: 4, max: whole.length - 1 }), (length) =>
          Effect.gen(function* () {
            writeFileSync(path, whole.subarray(0, length))
            const error = yield* Effect.flip(openTable(shardAt(path)))
            assert.strictEqual(error._tag, "DatasetInvalid")
            assert.include(error.message, path)
          })
        )
      })
    )
  )

  it.effect(
    "never gives more or fewer values than rows, nor an error without words, whichever byte is another",
    () =>
      test(
        Effect.gen(function* () {
          const path = join(yield* folderOf({}), "x.parquet")
          const files = ["snappy-1.0", "none-2.0", "delta"].map(fileOf)
          const changes = fc.tuple(fc.nat(files.length - 1), fc.nat(1e6), fc.integer({ min: 1, max: 255 }))
          yield* Property.check(changes, ([file, at, by]) =>
            Effect.gen(function* () {
              const bytes = Buffer.from(files[file]!)
              bytes[at % bytes.length]! ^= by
              writeFileSync(path, bytes)
              const table = yield* Effect.result(openTable(shardAt(path)))
              if (table._tag === "Failure") return assert.isNotEmpty(table.failure.message)
              for (const { image } of table.success.groups) {
                const values = yield* Effect.result(readValues(path, image, 0))
                if (values._tag === "Failure") assert.isNotEmpty(values.failure.message)
                else assert.strictEqual(values.success.values.length, image.pages[0]!.numValues)
              }
            })
          )
        })
      )
  )

  it.effect("must have the classes of the others in its folder", () =>
    test(
      Effect.gen(function* () {
        const files = { "a.parquet": fileOf("snappy-1.0"), "b.parquet": fileOf("words") }
        const { message } = yield* Effect.flip(openFiles(yield* folderOf(files), decoding))
        assert.include(message, "class names = others: must be those of a.parquet, in their order")
      })
    )
  )
})

describe("readPage", () => {
  const column: Column = { path: ["x"], element: { name: "x", type: "INT32" }, maxDefinition: 0 }
  const page = { at: 0, storedBytes: 3, numBytes: 3, numValues: 2, encoding: "RLE_DICTIONARY", v2: undefined }
  const pages: Pages = { column, codec: "UNCOMPRESSED", dictionary: undefined, pages: [page], firstRows: [0] }

  it("gives values of the dictionary, and refuses a number that is none of its", () => {
    // Numbers of one bit: a run of two of them.
    const repeated = (number: number) => Uint8Array.of(1, 4, number)
    assert.deepStrictEqual(readPage(pages, page, repeated(1), [7, 9]), [9, 9])
    assert.throws(() => readPage(pages, page, repeated(1), [7]), "must be one of the dictionary's 1")
    assert.throws(() => readPage(pages, page, repeated(1), undefined), "must be there")
  })
})

describe("findColumns", () => {
  const metadataOf = (repetition_type: "REQUIRED" | "REPEATED"): FileMetaData => ({
    ...{ version: 1, num_rows: 1n, row_groups: [], metadata_length: 0 },
    schema: [
      { name: "root", num_children: 1 },
      { name: "photo", type: "BYTE_ARRAY", repetition_type }
    ]
  })

  it("takes the only column of bytes, and none that has many in a row", () => {
    assert.deepStrictEqual(findColumns(metadataOf("REQUIRED")).image.path, ["photo"])
    assert.throws(() => findColumns(metadataOf("REPEATED")), "must be one of images")
  })
})

describe("readRuns", () => {
  /** Runs of one number, or of eight that are packed, as their encoder writes them. */
  const encoded = (
    runs: ReadonlyArray<{ readonly number: number; readonly count: number } | ReadonlyArray<number>>,
    width: number
  ) =>
    Uint8Array.from(
      runs.flatMap((run) => {
        if ("number" in run) {
          const bytes = Array.from(
            { length: Math.ceil(width / 8) },
            (_, byte) => (run.number >>> (8 * byte)) & 0xff
          )
          return [...varint(run.count * 2), ...bytes]
        }
        const bits = run.flatMap((number) => Array.from({ length: width }, (_, bit) => (number >>> bit) & 1))
        const bytes = Array.from({ length: width }, (_, byte) =>
          bits.slice(8 * byte, 8 * byte + 8).reduce((sum, bit, place) => sum + (bit << place), 0)
        )
        return [3, ...bytes]
      })
    )
  const varint = (value: number): ReadonlyArray<number> =>
    value < 128 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]

  const cases = fc.integer({ min: 1, max: 20 }).chain((width) => {
    const number = fc.nat(2 ** width - 1)
    const run = fc.record({ number, count: fc.integer({ min: 1, max: 300 }) })
    const packed = fc.array(number, { minLength: 8, maxLength: 8 })
    return fc.record({
      width: fc.constant(width),
      runs: fc.array(fc.oneof(run, packed), { minLength: 1, maxLength: 6 })
    })
  })

  it("always gives the numbers that were written, and no more than are asked for", () => {
    fc.assert(
      fc.property(cases, fc.nat(100), ({ runs, width }, left) => {
        const numbers = runs.flatMap((run) =>
          "number" in run ? Array<number>(run.count).fill(run.number) : run
        )
        const count = Math.max(1, numbers.length - left)
        assert.deepStrictEqual(
          Array.from(readRuns(encoded(runs, width), width, count)),
          numbers.slice(0, count)
        )
      })
    )
  })

  it("makes no more of a run than is asked for, and refuses runs that are too few", () => {
    assert.deepStrictEqual(
      Array.from(readRuns(Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0x0f, 1), 1, 3)),
      [1, 1, 1]
    )
    assert.throws(() => readRuns(Uint8Array.of(2, 1), 1, 3), ParquetFault)
    assert.throws(() => readRuns(Uint8Array.of(0, 0, 0), 1, 3), ParquetFault)
    assert.throws(() => readRuns(Uint8Array.of(2, 1), 33, 1), ParquetFault)
  })
})

describe("skim", () => {
  it("ends where the library does, for every footer that was recorded", () => {
    for (const name of ["snappy-1.0", "none-2.0", "gzip-1.0", "delta", "binary", "words"]) {
      const file = fileOf(name)
      const footer = file.subarray(file.length - 8 - file.readUInt32LE(file.length - 8), file.length - 8)
      const reader = { view: new DataView(footer.buffer, footer.byteOffset, footer.byteLength), offset: 0 }
      deserializeTCompactProtocol(reader)
      assert.strictEqual(skim(footer, 0), reader.offset)
    }
  })

  it("never goes beyond the bytes, and ends in none where they end before", () => {
    const file = fileOf("snappy-1.0")
    const footer = file.subarray(file.length - 8 - file.readUInt32LE(file.length - 8), file.length - 8)
    fc.assert(
      fc.property(fc.nat(skim(footer, 0)! - 1), (length) => {
        assert.isUndefined(skim(footer.subarray(0, length), 0))
      })
    )
  })

  it("refuses structures that are nested without end, and lists that are longer than the bytes", () => {
    assert.throws(() => skim(new Uint8Array(1000).fill(0x1c), 0), ParquetFault)
    assert.isUndefined(skim(Uint8Array.of(0x19, 0xf5, 0xff, 0xff, 0xff, 0x7f, 0), 0))
  })
})

describe("PageCache", () => {
  it("always holds what was used last, within its bytes, and one page at least", () => {
    const uses = fc.array(fc.record({ key: fc.nat(6), numBytes: fc.integer({ min: 1, max: 8 }) }), {
      minLength: 1
    })
    fc.assert(
      fc.property(uses, (used) => {
        const cache = new PageCache(10)
        let model: ReadonlyArray<{ readonly key: number; readonly numBytes: number }> = []
        for (const use of used) {
          const known = model.find(({ key }) => key === use.key)
          assert.deepStrictEqual(cache.get(String(use.key)), known && [known.key])
          if (known === undefined) cache.put(String(use.key), [use.key], use.numBytes)
          model = [...model.filter(({ key }) => key !== use.key), known ?? use]
          while (model.length > 1 && model.reduce((sum, { numBytes }) => sum + numBytes, 0) > 10)
            model = model.slice(1)
        }
      })
    )
  })
})
