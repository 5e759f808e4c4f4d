import { createHash } from "node:crypto"
import { gunzipSync, gzipSync } from "node:zlib"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import * as Cifar from "@moco/data/ImageSource/Cifar"
import * as Parts from "@moco/data/Parts"
import { Effect, Option, Result } from "effect"
import fc from "fast-check"
import { imagesOf, pixelsOf } from "../imagesOf.ts"
import { folderArchive, placed, whereabouts } from "../published/archives.ts"
import { global } from "../published/pickles.ts"
import { refusal } from "../published/refusal.ts"
import * as small from "../published/small.ts"

const { cifar, pickled, pickleFiles, rowFiles, rows } = small

const within = (folder: string, files: Readonly<Record<string, Uint8Array>>) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]))

const readAt = (dir: string, parts: ReadonlyArray<"train" | "test"> = ["train", "test"], of = cifar) =>
  Cifar.read(of, parts, whereabouts(dir))

const readPlaced = (files: Readonly<Record<string, Uint8Array>>) =>
  Effect.flatMap(placed(files), (dir) => readAt(dir))

/** What is told of files in a folder, whose path is left out of it. */
const told = Effect.fnUntraced(function* (
  files: Readonly<Record<string, Uint8Array>>,
  tag?: "DatasetMissing" | "DatasetUnreadable"
) {
  const dir = yield* placed(files)
  return (yield* refusal(readAt(dir), tag)).replaceAll(dir, "DIR")
})

/** The four ways in which the same images may lie. */
const ways = Effect.gen(function* () {
  return {
    "rows in an archive": { "mine-binary.tar.gz": yield* folderArchive("mine-bin", rowFiles) },
    "rows in a folder": within("mine-bin", rowFiles),
    "rows where they are": rowFiles,
    "pickles in an archive": { "mine-python.tar.gz": yield* folderArchive("mine-py", pickleFiles) },
    "pickles in a folder": within("mine-py", pickleFiles)
  }
})

layer(NodeServices.layer)("CIFAR", (it) => {
  it.effect("has the same images and labels in each form, to the byte", () =>
    Effect.gen(function* () {
      for (const [way, files] of Object.entries(yield* ways)) {
        const [train, test] = yield* readPlaced(files)
        assert.deepStrictEqual([...pixelsOf(train!)], [...small.pixelsOf(0, 4), ...small.pixelsOf(1, 4)], way)
        assert.deepStrictEqual([...pixelsOf(test!)], small.pixelsOf(2, 4), way)
        assert.deepStrictEqual([...train!.labels!], [...small.fine, ...small.fine], way)
        assert.deepStrictEqual(train!.size, { kind: "fixed", height: 3, width: 2 })
        assert.deepStrictEqual(train!.classes, cifar.classes)
      }
    })
  )

  it.effect("says what it was read from, by SHA-256", () =>
    Effect.gen(function* () {
      const archive = yield* folderArchive("mine-bin", rowFiles)
      const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
      const [packed] = yield* readPlaced({ "mine-binary.tar.gz": archive })
      assert.deepStrictEqual(packed!.provenance.sha256, { "mine-binary.tar.gz": sha256(archive) })
      const dir = yield* placed(within("mine-bin", rowFiles))
      const [unpacked] = yield* readAt(dir, ["train"])
      assert.deepStrictEqual(unpacked!.provenance.sha256, {
        "data_batch_1.bin": sha256(rowFiles["data_batch_1.bin"]),
        "data_batch_2.bin": sha256(rowFiles["data_batch_2.bin"])
      })
    })
  )

  it.effect("asks for no test image where none is wanted", () =>
    Effect.gen(function* () {
      const { "test_batch.bin": _, ...training } = rowFiles
      const dir = yield* placed(within("mine-bin", training))
      const [train, ...others] = yield* readAt(dir, ["train"])
      assert.deepStrictEqual([train!.numImages, others], [8, []])
      const message = yield* refusal(readAt(dir), "DatasetMissing")
      assert.include(message, "mine: mine-bin/test_batch.bin was not found (searched: ")
      assert.include(message, "\n  install it with: a command")
    })
  )

  it.effect("is found packed or unpacked, whichever is known by its digest first", () =>
    Effect.gen(function* () {
      const archive = yield* folderArchive("mine-bin", rowFiles)
      const dir = yield* placed({ "mine-binary.tar.gz": archive, ...within("mine-bin", rowFiles) })
      assert.deepStrictEqual(yield* Parts.find(Cifar.formatsOf(cifar), [dir]), [
        { file: "mine-binary.tar.gz", path: Option.some(`${dir}/mine-binary.tar.gz`) }
      ])
      const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex")
      const known = (changed: string): Cifar.Cifar => {
        const [{ test, train, ...batches }] = cifar.published
        const withMd5 = (file: Cifar.BatchFile) => ({
          ...file,
          md5:
            file.name === changed ? md5(new Uint8Array()) : md5(rowFiles[file.name as keyof typeof rowFiles])
        })
        return { ...cifar, published: [{ ...batches, train: train.map(withMd5), test: test.map(withMd5) }] }
      }
      const found = yield* Parts.find(Cifar.formatsOf(known("none")), [dir])
      assert.deepStrictEqual(
        found,
        Object.keys(rowFiles).map((file) => ({ file, path: Option.some(`${dir}/mine-bin/${file}`) }))
      )
      assert.strictEqual((yield* readAt(dir, ["train"], known("none")))[0]!.numImages, 8)
      const message = yield* refusal(readAt(dir, ["train"], known("data_batch_2.bin")), "DatasetCorrupt")
      assert.include(message, `${dir}/mine-bin/data_batch_2.bin is damaged: its MD5 should be d41d8cd98f00`)
    })
  )

  it.effect("is missing where no form of it is whole, and is told by the first of its names", () =>
    Effect.gen(function* () {
      assert.include(
        yield* told({ "data_batch_1.bin": rows(0), readme: rows(0) }, "DatasetMissing"),
        "mine: mine-binary.tar.gz was not found (searched: DIR)"
      )
      assert.include(
        yield* told({ "mine-py/data_batch_1": pickled(0) }, "DatasetMissing"),
        "mine: mine-py/data_batch_2 was not found"
      )
    })
  )

  const withRows = (name: keyof typeof rowFiles, bytes: Uint8Array) =>
    within("mine-bin", { ...rowFiles, [name]: bytes })
  const withPickle = (bytes: Uint8Array) => within("mine-py", { ...pickleFiles, data_batch_2: bytes })
  const wrong: ReadonlyArray<readonly [words: string, files: Readonly<Record<string, Uint8Array>>]> = [
    [
      "DIR/mine-bin/test_batch.bin = 79 bytes: must be 80 bytes",
      withRows("test_batch.bin", rows(2).subarray(1))
    ],
    ["DIR/mine-bin/test_batch.bin = 0 bytes: must be 80 bytes", withRows("test_batch.bin", new Uint8Array())],
    [
      "fine_labels[2] of DIR/mine-bin/data_batch_1.bin = 10: must be a whole number below 10",
      withRows("data_batch_1.bin", rows(0, [1, 2, 10, 3]))
    ],
    [
      "coarse_labels[0] of DIR/mine-bin/data_batch_2.bin = 20: must be a whole number below 20",
      withRows("data_batch_2.bin", Uint8Array.of(20, ...rows(1).subarray(1)))
    ],
    [
      "fine_labels[1] of DIR/mine-py/data_batch_2 = -1: must be a whole number below 10",
      withPickle(pickled(1, { fine_labels: [0, -1, 0, 0] }))
    ],
    [
      "fine_labels[0] of DIR/mine-py/data_batch_2 = no number: must be",
      withPickle(pickled(1, { fine_labels: Buffer.from("](NNNNe") }))
    ],
    [
      "fine_labels of DIR/mine-py/data_batch_2 = 3 labels: must be a list of 4 labels",
      withPickle(pickled(1, { fine_labels: [0, 0, 0] }))
    ],
    [
      "coarse_labels of DIR/mine-py/data_batch_2 = 0 labels: must be a list of 4 labels",
      withPickle(pickled(1, { coarse_labels: Buffer.from("N") }))
    ],
    [
      "data of DIR/mine-py/data_batch_2 = 3 x 18: must be an array of 4 x 18 unsigned bytes",
      withPickle(pickled(1, { data: { shape: [3, 18], data: new Uint8Array(54) } }))
    ],
    [
      "data of DIR/mine-py/data_batch_2 = other bytes: must be an array of 4 x 18 unsigned bytes",
      withPickle(pickled(1, { data: { shape: [4, 18], data: new Uint8Array(71) } }))
    ],
    [
      "data of DIR/mine-py/data_batch_2 = no array: must be an array",
      withPickle(pickled(1, { data: Buffer.from(`U\x48${"a".repeat(0x48)}`) }))
    ],
    [
      "byte 60 of DIR/mine-py/data_batch_2 = os.system: is none of the names that arrays of numbers need",
      withPickle(
        pickled(1, { data: Buffer.concat([global("os", "system"), Buffer.from("U\x02id\x85R", "latin1")]) })
      )
    ]
  ]
  for (const [words, files] of wrong) {
    it.effect(`is refused where it is not what was published: ${words}`, () =>
      Effect.gen(function* () {
        assert.include(yield* told(files), words)
      })
    )
  }

  it.effect("is refused where a file is longer than it may be, before it is read", () =>
    Effect.gen(function* () {
      const long = withRows("test_batch.bin", new Uint8Array(81))
      assert.include(
        yield* told(long, "DatasetUnreadable"),
        "DIR/mine-bin/test_batch.bin cannot be read: it has 81 bytes, and 80 are read at most"
      )
    })
  )

  it.effect("of changed bytes always has images, or is refused by a typed error", () =>
    Effect.gen(function* () {
      const archives = yield* Effect.all([
        Effect.map(folderArchive("mine-bin", rowFiles), (file) => ["mine-binary.tar.gz", file] as const),
        Effect.map(folderArchive("mine-py", pickleFiles), (file) => ["mine-python.tar.gz", file] as const)
      ])
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 })
      yield* Property.check(
        fc.tuple(fc.constantFrom(...archives), changes),
        Effect.fnUntraced(function* ([[name, file], changed]) {
          const tar = Uint8Array.from(gunzipSync(file))
          for (const [at, value] of changed) tar[at % tar.length] = value
          const result = yield* Effect.result(readPlaced({ [name]: gzipSync(tar) }))
          if (Result.isSuccess(result)) {
            assert.deepStrictEqual(
              result.success.map((source) => imagesOf(source).length),
              [8, 4]
            )
          } else {
            assert.strictEqual(result.failure._tag, "DatasetInvalid")
          }
        }),
        { numRuns: 300 }
      )
    })
  )
})
