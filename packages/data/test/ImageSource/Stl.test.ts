import { createHash } from "node:crypto"
import { truncateSync, writeFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import * as Catalog from "@moco/data/Catalog"
import { filesOf } from "@moco/data/Catalog/stl10Files"
import { Dataset } from "@moco/data/Dataset"
import type { Provenance } from "@moco/data/ImageSource"
import type { PlanesFile } from "@moco/data/ImageSource/InFile"
import * as InFile from "@moco/data/ImageSource/InFile"
import * as Stl from "@moco/data/ImageSource/Stl"
import * as Parts from "@moco/data/Parts"
import { Effect, FileSystem, Option } from "effect"
import fc from "fast-check"
import { pixelsOf } from "../imagesOf.ts"
import { folderArchive, placed, whereabouts } from "../published/archives.ts"
import { refusal } from "../published/refusal.ts"
import * as small from "../published/small.ts"

const { stl, stlFiles } = small
const within = (files: Readonly<Record<string, Uint8Array>>) =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`mine_binary/${name}`, bytes]))

const labelled = (dir: string, of = stl) => Stl.readLabelled(of, ["train", "test"], whereabouts(dir))
const told = Effect.fnUntraced(function* (files: Readonly<Record<string, Uint8Array>>) {
  const dir = yield* placed(within({ ...stlFiles, ...files }))
  return (yield* refusal(labelled(dir))).replaceAll(dir, "DIR")
})

const origin: { readonly provenance: Omit<Provenance, "sha256"> } = { provenance: stl.provenance }
const openAt = (dir: string, changes: Partial<PlanesFile> = {}) => {
  const file = { path: `${dir}/mine_binary/unlabeled_X.bin`, numImages: 9, planes: stl.planes, ...changes }
  return InFile.open(file, origin, whereabouts(dir))
}

layer(NodeServices.layer)("STL-10", (it) => {
  it.effect("is found by its labelled files alone", () =>
    Effect.gen(function* () {
      const { "unlabeled_X.bin": _, ...files } = stlFiles
      const dir = yield* placed(files)
      const found = yield* Parts.find(Stl.labelledFilesFormats(small.stl), [dir])
      assert.deepStrictEqual(
        found.map(({ file, path }) => [file, Option.isSome(path)]).toSorted(),
        Object.keys(files)
          .map((name) => [name, true])
          .toSorted()
      )
    })
  )

  it.effect("has its labelled images in a folder or in the archive, its columns turned into rows", () =>
    Effect.gen(function* () {
      const archive = yield* folderArchive("mine_binary", stlFiles)
      const { "unlabeled_X.bin": _, ...files } = stlFiles
      for (const placedFiles of [{ "mine_binary.tar.gz": archive }, within(files), files]) {
        const [train, test] = yield* labelled(yield* placed(placedFiles))
        assert.deepStrictEqual([...pixelsOf(train!)], small.pixelsOf(0, 3))
        assert.deepStrictEqual([...pixelsOf(test!)], small.pixelsOf(1, 2))
        assert.deepStrictEqual(
          [[...train!.labels!], [...test!.labels!]],
          [
            [0, 9, 3],
            [1, 2]
          ]
        )
      }
    })
  )

  it.effect("is refused where labels are none of 1 to 10, or a file is shorter", () =>
    Effect.gen(function* () {
      assert.include(
        yield* told({ "train_y.bin": Uint8Array.of(1, 0, 4) }),
        "label 1 of DIR/mine_binary/train_y.bin = 0: must be 1 to 10, a class"
      )
      assert.include(
        yield* told({ "test_y.bin": Uint8Array.of(2, 11) }),
        "label 1 of DIR/mine_binary/test_y.bin = 11: must be 1 to 10, a class"
      )
      assert.include(
        yield* told({ "test_X.bin": new Uint8Array(35) }),
        "DIR/mine_binary/test_X.bin = 35 bytes: must be 36 bytes"
      )
    })
  )

  it.effect("has its images without labels in the folder alone, and says so of the archive", () =>
    Effect.gen(function* () {
      const archive = yield* folderArchive("mine_binary", stlFiles)
      const packed = yield* placed({ "mine_binary.tar.gz": archive })
      const message = yield* refusal(Stl.openUnlabelled(stl, whereabouts(packed)), "DatasetMissing")
      assert.include(message, "mine: mine_binary/unlabeled_X.bin was not found")
      assert.include(Catalog.installHint("stl10-unlabelled"), "packed it cannot be read by index")

      const source = yield* Stl.openUnlabelled(stl, whereabouts(yield* placed(within(stlFiles))))
      assert.deepStrictEqual([source.numImages, source.labels, source.classes], [9, undefined, undefined])
      const [image] = yield* source.read(Int32Array.of(8))
      assert.deepStrictEqual([...image!.pixels_HWC], small.pixelsOf(2, 9).slice(8 * 18))
    })
  )

  it.effect("always reads of a file the images that are asked for, in any order", () =>
    Effect.gen(function* () {
      const whole = small.pixelsOf(2, 9)
      const source = yield* openAt(yield* placed(within(stlFiles)))
      yield* Property.check(
        fc.array(fc.nat(8), { maxLength: 30 }),
        Effect.fnUntraced(function* (indices) {
          const images = yield* source.read(Int32Array.from(indices))
          assert.deepStrictEqual(
            images.map(({ pixels_HWC }) => [...pixels_HWC]),
            indices.map((index) => whole.slice(index * 18, (index + 1) * 18))
          )
        })
      )
    })
  )

  it.effect("checks a file by its length, and by its digest where that is known", () =>
    Effect.gen(function* () {
      const dir = yield* placed(within(stlFiles))
      const message = yield* refusal(openAt(dir, { numImages: 10 }))
      assert.include(message, "unlabeled_X.bin = 162 bytes: must be 180 bytes, 10 images of 18")
      assert.include(
        yield* refusal(openAt(dir, { numImages: 8 }), "DatasetUnreadable"),
        "it has 162 bytes, and 144 are read at most"
      )
      const bytes = stlFiles["unlabeled_X.bin"]
      const hex = createHash("md5").update(bytes).digest("hex")
      const source = yield* openAt(dir, { digest: { algorithm: "MD5", hex } })
      assert.deepStrictEqual(Object.values(source.provenance.sha256), [
        createHash("sha256").update(bytes).digest("hex")
      ])
      writeFileSync(`${dir}/mine_binary/unlabeled_X.bin`, bytes.with(161, bytes[161]! ^ 1))
      assert.include(
        yield* refusal(openAt(dir, { digest: { algorithm: "MD5", hex } }), "DatasetCorrupt"),
        `unlabeled_X.bin is damaged: its MD5 should be ${hex}`
      )
    })
  )

  it.effect("tells of a file that is cut while it is read", () =>
    Effect.gen(function* () {
      const dir = yield* placed(within(stlFiles))
      const source = yield* openAt(dir)
      assert.strictEqual((yield* source.read(Int32Array.of(8))).length, 1)
      truncateSync(`${dir}/mine_binary/unlabeled_X.bin`, 150)
      assert.strictEqual((yield* source.read(Int32Array.of(7))).length, 1)
      const message = yield* refusal(source.read(Int32Array.of(0, 8)))
      assert.include(
        message,
        "unlabeled_X.bin = 150 bytes: must be 162 bytes, 9 images of 18, as it had when"
      )
    })
  )

  it.effect("holds its file open as long as its Scope, and no longer", () =>
    Effect.gen(function* () {
      const dir = yield* placed(within(stlFiles))
      const source = yield* Effect.scoped(openAt(dir))
      const message = yield* refusal(source.read(Int32Array.of(0)), "DatasetUnreadable")
      assert.include(message, "unlabeled_X.bin cannot be read: EBADF")
    })
  )

  it.effect("as it is published takes no memory for its 2.8 GB, and is read at its end too", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const dir = yield* fileSystem.makeTempDirectoryScoped()
      yield* fileSystem.makeDirectory(`${dir}/stl10_binary`)
      // Without digests, and of zeros that take no room on the disk.
      writeFileSync(`${dir}/stl10_binary/unlabeled_X.bin`, "")
      truncateSync(`${dir}/stl10_binary/unlabeled_X.bin`, 2_764_800_000)
      assert.deepStrictEqual(yield* Parts.find(Stl.unlabelledFormats(filesOf("x")), [dir]), [
        { file: "unlabeled_X.bin", path: Option.some(`${dir}/stl10_binary/unlabeled_X.bin`) }
      ])
      const before = process.memoryUsage().arrayBuffers
      const source = yield* Stl.openUnlabelled({ ...filesOf("x"), md5: {} }, whereabouts(dir))
      const [first, last] = yield* source.read(Int32Array.of(0, 99_999))
      assert.deepStrictEqual([first!.pixels_HWC.length, last!.pixels_HWC.length], [27_648, 27_648])
      assert.isBelow(process.memoryUsage().arrayBuffers - before, 1_000_000)
    })
  )

  it.effect("without labels is a data set that nothing is evaluated on by labels", () =>
    Effect.gen(function* () {
      const train = yield* openAt(yield* placed(within(stlFiles)))
      const size = { height: 3, width: 2 }
      const made = Dataset.layerOf({ name: "mine", train, imageSize: size })
      const { mean, numImages } = yield* Effect.map(Dataset.checked, (dataset) => ({
        mean: dataset.mean,
        numImages: dataset.train.numImages
      })).pipe(Effect.provide(made))
      assert.strictEqual(numImages, 9)
      const red = small.pixelsOf(2, 9).filter((_, at) => at % 3 === 0)
      assert.closeTo(mean[0]!, red.reduce((sum, value) => sum + value, 0) / red.length / 255, 1e-12)
      const message = yield* refusal(Effect.provide(Dataset.labelled, made))
      assert.include(message, "train.labels = undefined: there are none, and this evaluation compares labels")
    })
  )
})
