import { symlinkSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { openFiles } from "@moco/data/FileSet/open"
import { folderOfRange, namesInRange } from "@moco/data/FileSet/range"
import { partOfShard, partsOfShards, toldByLabels } from "@moco/data/FileSet/told"
import * as Files from "@moco/data/Files"
import { Effect, FileSystem, type Path, type Scope } from "effect"
import fc from "fast-check"
import { folderOf, gray } from "./imageFiles.ts"
import { npyOf } from "./npyFiles.ts"
import { tarOf } from "./tarFiles.ts"

const { background, maxPixels, shorterSide } = Files.usualFiles
const decoding = { background, maxPixels, shorterSide }

const test = <E>(body: Effect.Effect<void, E, FileSystem.FileSystem | Path.Path | Scope.Scope>) =>
  body.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const tar = tarOf({ name: "in.png", content: "an image" })
const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"

describe("what a path holds", () => {
  it.effect("is told by what is in it, and not by its name", () =>
    test(
      Effect.gen(function* () {
        const folder = yield* folderOf({ "photos.npy": tar, "shards/a.bin": tar, "shards/b": tar })
        assert.deepStrictEqual((yield* openFiles(join(folder, "photos.npy"), decoding)).names, ["in.png"])
        assert.deepStrictEqual((yield* openFiles(join(folder, "shards"), decoding)).names, [
          "a.bin/in.png",
          "b/in.png"
        ])
      })
    )
  )

  it.effect("is what most bytes of a folder are, and what is left out is said", () =>
    test(
      Effect.gen(function* () {
        const image = yield* gray(1)
        const archives = yield* openFiles(
          yield* folderOf({ "x.tar": tar, "preview.png": image, "notes.txt": "" }),
          decoding
        )
        assert.deepStrictEqual(archives.names, ["in.png"])
        assert.deepStrictEqual(archives.notes, [
          "taken are 1 tar archives, which are most of the folder's bytes; 1 image files are left out"
        ])
        const large = Buffer.concat([image, new Uint8Array(5000)])
        const images = yield* openFiles(yield* folderOf({ "x.tar": tar, "a.png": large }), decoding)
        assert.deepStrictEqual(images.names, ["a.png"])
        assert.deepStrictEqual(images.notes, [
          "taken are 1 image files, which are most of the folder's bytes; 1 tar archives are left out"
        ])
        const alone = yield* openFiles(yield* folderOf({ "a.png": image, "b.txt": "", c: "what" }), decoding)
        assert.deepStrictEqual(alone.notes, [])
      })
    )
  )

  it.effect("is what can be read of a folder, whatever else in it is larger", () =>
    test(
      Effect.gen(function* () {
        const image = yield* gray(1)
        const images = Object.fromEntries(Array.from({ length: 8 }, (_, place) => [`${place}.png`, image]))
        const backup = tarOf({ name: "notes.txt", content: "n".repeat(5000) })
        const { names, notes } = yield* openFiles(yield* folderOf({ ...images, backup }), decoding)
        assert.deepStrictEqual(names, Object.keys(images))
        assert.deepStrictEqual(notes, ["taken are 8 image files; 1 tar archives are left out"])
        // So few may be what a README shows: what is wrong is the archive.
        const few = yield* folderOf({ backup, "0.png": image })
        const error = yield* Effect.flip(openFiles(few, decoding))
        assert.include(error.message, "no file in it has the name of a JPEG")
      })
    )
  )

  it.effect("is no other kind where the larger one is damaged, or says something else than is asked", () =>
    test(
      Effect.gen(function* () {
        const image = yield* gray(1)
        const images = Object.fromEntries(Array.from({ length: 8 }, (_, place) => [`${place}.png`, image]))
        const cut = tarOf({ name: "x.png", content: "n".repeat(5000) }).subarray(0, 4000)
        const damaged = yield* Effect.flip(openFiles(yield* folderOf({ ...images, "x.tar": cut }), decoding))
        assert.include(damaged.message, "it was cut off")
        const features = npyOf("|u1", [2, 4000], new Uint8Array(8000))
        const both = yield* Effect.flip(
          openFiles(yield* folderOf({ ...images, "x.tar": cut, "features.npy": features }), decoding)
        )
        assert.include(both.message, "it was cut off")
      })
    )
  )

  it.effect("is said of archives that are not read, beside images", () =>
    test(
      Effect.gen(function* () {
        const zip = Buffer.concat([Buffer.from("PK\u0003\u0004"), new Uint8Array(40)])
        const folder = yield* folderOf({ "a.png": yield* gray(1), "b.zip": zip, "c.zip": zip })
        const { notes } = yield* openFiles(folder, decoding)
        assert.deepStrictEqual(notes, [
          "b.zip is a ZIP archive, or an .npz of arrays, and is left out (and 1 more files that are not read); " +
            "to have what is in it, unpack it: unzip FILE; arrays are read as .npy"
        ])
      })
    )
  )

  it.effect("is said of links and of folders that are too deep that they are left out", () =>
    test(
      Effect.gen(function* () {
        const deep = Array.from({ length: 70 }, () => "d").join("/")
        const folder = yield* folderOf({ "a.png": yield* gray(1), [`${deep}/b.png`]: yield* gray(2) })
        symlinkSync(join(folder, "a.png"), join(folder, "link.png"))
        const { names, notes } = yield* openFiles(folder, decoding)
        assert.deepStrictEqual(names, ["a.png"])
        assert.deepStrictEqual(notes, [
          "1 links are left out: none is followed",
          "1 folders are left out: they are too many folders deep"
        ])
      })
    )
  )

  it.effect("is refused where nothing is there, which may have been meant for the name of a set", () =>
    test(
      Effect.gen(function* () {
        const { message } = yield* Effect.flip(openFiles(join(yield* folderOf({}), "cifar"), decoding))
        assert.include(message, "cifar cannot be read: ENOENT")
        assert.include(message, "with --data=PATH, or a data set that `npx moco data list` knows")
      })
    )
  )

  it.effect("is refused where it is nothing that is read, with what to do", () =>
    test(
      Effect.gen(function* () {
        const folder = yield* folderOf({
          ...{ "a.parquet": pointer, "short.tar": "x", "empty.npy": "", "lfs/train.tar": pointer },
          ...{ "two/a.tar": tar, "two/b.tar": pointer, "range/0": tar, "range/1": "PAR1" }
        })
        const refusal = (name: string) =>
          Effect.map(Effect.flip(openFiles(join(folder, name), decoding)), ({ message }) => message)
        assert.include(
          yield* refusal("a.parquet"),
          "is a pointer to a file that Git LFS has not fetched\n  fetch it: git lfs pull"
        )
        assert.include(yield* refusal("lfs"), "is a pointer to a file that Git LFS has not fetched")
        for (const name of ["short.tar", "empty.npy"]) {
          assert.include(yield* refusal(name), `${join(folder, name)}: is no folder, and no file of images`)
        }
        assert.include(yield* refusal("range/{0..1}"), "is of another kind than")
        assert.include(yield* refusal("nowhere-{x..y}.tar"), "cannot be read: ENOENT")
      })
    )
  )

  it.effect("is refused where a file of images cannot be read", () =>
    test(
      Effect.gen(function* () {
        const folder = yield* folderOf({ "a.tar": tar, "b.tar": tar, "b.bin": "" })
        const real = yield* FileSystem.FileSystem
        const withoutB: FileSystem.FileSystem = {
          ...real,
          open: (path, options) => real.open(/b\.\w+$/.test(path) ? "/nowhere" : path, options)
        }
        const opened = Effect.provideService(openFiles(folder, decoding), FileSystem.FileSystem, withoutB)
        assert.include(
          (yield* Effect.flip(opened)).message,
          `${join(folder, "b.tar")} cannot be read: ENOENT`
        )
      })
    )
  )
})

describe("namesInRange", () => {
  it("always gives as many names as the range is long, in order, of one length", () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(50), fc.integer({ min: 1, max: 6 }), (first, more, digits) => {
        const [from, to] = [first, first + more].map((number) => String(number).padStart(digits, "0"))
        const names = namesInRange(`/a/x-{${from}..${to}}.tar`)!
        assert.strictEqual(names.length, more + 1)
        assert.strictEqual(new Set(names).size, more + 1)
        assert.deepStrictEqual([names[0], names.at(-1)], [`/a/x-${from}.tar`, `/a/x-${to}.tar`])
      })
    )
  })

  it("combines ranges, and leaves alone what is none or far too much", () => {
    assert.deepStrictEqual(namesInRange("{0..1}/{8..9}"), ["0/8", "0/9", "1/8", "1/9"])
    for (const name of ["x.tar", "{a..b}", "{0..100000}", "{0..999}{0..999}"])
      assert.isUndefined(namesInRange(name), name)
    assert.strictEqual(folderOfRange("/a/b/x-{0..1}/{0..1}.tar"), "/a/b/")
  })
})

describe("told by shards and labels", () => {
  it("takes a shard for the part that a word of its name means", () => {
    const parts = [
      "imagenet1k-train-{0}.tar",
      "train-00000-of-00002.parquet",
      "data/test/7.tar",
      "VAL_3.npy",
      "trainer.tar"
    ]
    assert.deepStrictEqual(parts.map(partOfShard), ["train", "train", "test", "validation", undefined])
    assert.deepStrictEqual(partsOfShards(["test-0.tar", "x.tar"]), [undefined, undefined])
    assert.deepStrictEqual(partsOfShards(["test-0.tar", "train.tar"]), ["test", "train"])
  })

  it("always keeps apart what is apart: two images are of one class where their labels are the same", () => {
    const keys = fc.array(fc.oneof(fc.nat(12), fc.constantFrom("a", "b", "2")), { minLength: 1 })
    fc.assert(
      fc.property(keys, (labels) => {
        const { classes, order } = toldByLabels(labels)
        labels.forEach((one, i) => {
          labels.forEach((other, j) => {
            assert.strictEqual(classes[i] === classes[j], String(one) === String(other))
          })
        })
        if (order !== undefined)
          assert.deepStrictEqual(
            order,
            [...new Set(labels)].sort((a, b) => Number(a) - Number(b)).map(String)
          )
      })
    )
  })
})
