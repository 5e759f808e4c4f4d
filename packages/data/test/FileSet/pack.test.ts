import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import { ImageUndecodable } from "@moco/data/Decode/errors"
import { DecodeThreads } from "@moco/data/Decode/threads"
import type { FileSet } from "@moco/data/FileSet"
import { openFolder } from "@moco/data/FileSet/folder"
import { openFiles } from "@moco/data/FileSet/open"
import { openPack } from "@moco/data/FileSet/pack"
import { writePack } from "@moco/data/FileSet/writePack"
import * as Files from "@moco/data/Files"
import { Deferred, Effect, Fiber, FileSystem, type Path, type Scope } from "effect"
import fc from "fast-check"
import { folderOf, gray, twoClasses } from "./imageFiles.ts"

const { background, maxPixels, shorterSide } = Files.usualFiles
const decoding = { background, maxPixels, shorterSide }

const test = <E>(body: Effect.Effect<void, E, FileSystem.FileSystem | Path.Path | Scope.Scope>) =>
  body.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** A folder with a file that is no image, and where its pack goes. */
const given = Effect.gen(function* () {
  const images = { ...(yield* twoClasses), "a/11.png": "damaged", "b/wide.png": yield* gray(7, 9, 5) }
  const root = yield* folderOf(images)
  const path = join(yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped(), "images.pack")
  return { root, path }
})

const pack = Effect.fnUntraced(function* (root: string, path: string, threads = 2) {
  const set = yield* Effect.provideService(openFolder(root, decoding), DecodeThreads, threads)
  return yield* writePack(set, decoding, path)
})

/** What every file is decoded into, or why it is no image. */
const contentsOf = (set: FileSet) =>
  Effect.forEach(set.names, (name, index) =>
    Effect.match(set.decode(index), {
      onSuccess: ({ height, pixels_HWC, width }) => [name, height, width, ...pixels_HWC],
      onFailure: ({ problem }) => [name, problem]
    })
  )

describe("a packed file", () => {
  it.effect(
    "holds what the folder's files are decoded into, and what is wrong with those that are no images",
    () =>
      test(
        Effect.gen(function* () {
          const { path, root } = yield* given
          assert.lengthOf(yield* pack(root, path), 1)
          const [folder, packed] = [yield* openFolder(root, decoding), yield* openPack(path, decoding)]
          assert.deepStrictEqual(yield* contentsOf(packed), yield* contentsOf(folder))
        })
      )
  )

  it.effect("is known by what the files were known by that were packed", () =>
    test(
      Effect.gen(function* () {
        const { path, root } = yield* given
        const set: FileSet = { ...(yield* openFolder(root, decoding)), sha256: { "footer of a": "12" } }
        yield* writePack(set, decoding, path)
        assert.deepStrictEqual((yield* openPack(path, decoding)).sha256, { "footer of a": "12" })
      })
    )
  )

  it.effect("is not written where a file cannot be read, which may be an image", () =>
    test(
      Effect.gen(function* () {
        const { path, root } = yield* given
        let tries = 0
        const unread = new ImageUndecodable({ file: "a/3.png", problem: "EIO", isRead: false })
        const set = yield* openFolder(root, decoding)
        const failing: FileSet = {
          ...set,
          decode: (index) =>
            Effect.suspend(() => (index === 3 && tries++ < 3 ? Effect.fail(unread) : set.decode(index)))
        }
        const { message } = yield* Effect.flip(writePack(failing, decoding, path))
        assert.include(message, "a/3.png cannot be read: EIO")
        // Once more it could be read.
        yield* writePack(failing, decoding, path)
        assert.strictEqual(tries, 4)
      })
    )
  )

  it.effect("has the same bytes, on however many threads its files were decoded", () =>
    test(
      Effect.gen(function* () {
        const { path, root } = yield* given
        yield* pack(root, path, 1)
        const one = readFileSync(path)
        yield* pack(root, path, 3)
        assert.isTrue(one.equals(readFileSync(path)))
      })
    )
  )

  it.effect(
    "is the same data set as its folder: parts, images, and what stands in for those that are none",
    () =>
      test(
        Effect.gen(function* () {
          const { path, root } = yield* given
          yield* pack(root, path)
          const seen = Effect.fnUntraced(function* (from: string) {
            const settings = { ...Files.usualFiles, path: from, maxBad: 0.2 }
            const { test, train } = yield* Files.sourcesOf(settings, "test")
            return yield* Effect.forEach([train, test!], (part) =>
              Effect.map(
                part.read(Int32Array.from({ length: part.numImages }, (_, index) => index)),
                (images) => ({
                  ...{ images, labels: part.labels, classes: part.classes, sha256: part.provenance.sha256 }
                })
              )
            )
          })
          assert.deepStrictEqual(yield* seen(path), yield* seen(root))
        })
      )
  )

  it.effect("is surveyed as its images were packed, by whatever settings that was", () =>
    test(
      Effect.gen(function* () {
        const { path, root } = yield* given
        const small = { ...decoding, shorterSide: 1 }
        yield* writePack(yield* openFolder(root, small), small, path)
        const [folder, packed] = [yield* Files.survey(root), yield* Files.survey(path)]
        assert.deepStrictEqual(packed, { ...folder, shorterSide: 1 })
        const refused = yield* Effect.flip(openPack(path, decoding))
        assert.include(refused.message, "were packed with 1")
      })
    )
  )

  it.effect("never gives other pixels than were packed, whichever byte of it is another one", () =>
    test(
      Effect.gen(function* () {
        const { path, root } = yield* given
        yield* pack(root, path)
        const bytes = readFileSync(path)
        const whole = new Map(
          (yield* contentsOf(yield* openPack(path, decoding))).map((file) => [file[0], file])
        )
        const changed = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }))
        yield* Property.check(changed, ([at, by]) =>
          Effect.gen(function* () {
            const other = Buffer.from(bytes)
            other[at]! ^= by
            writeFileSync(path, other)
            const opened = yield* Effect.result(openPack(path, decoding))
            if (opened._tag === "Failure") return assert.isNotEmpty(opened.failure.message)
            for (const file of yield* contentsOf(opened.success)) {
              // A file that can be read has the pixels of the file of that place.
              if (file.length > 2)
                assert.deepInclude(
                  [...whole.values()].map((known) => known.slice(1)),
                  file.slice(1)
                )
            }
          }).pipe(Effect.scoped)
        )
      })
    )
  )

  it.effect("is told of where it was cut", () =>
    test(
      Effect.gen(function* () {
        const { path, root } = yield* given
        yield* pack(root, path)
        const { length } = readFileSync(path)
        for (const left of [length - 1, length - 12, Math.floor(length / 2), 8, 0]) {
          truncateSync(path, left)
          const error = yield* Effect.flip(openPack(path, decoding))
          assert.include(error.message, `${path} cannot be read: it does not end with MOCOPACK`)
        }
      })
    )
  )

  it.effect("is refused where its images were decoded in another way than is asked for", () =>
    test(
      Effect.gen(function* () {
        const { path, root } = yield* given
        yield* pack(root, path)
        const error = yield* Effect.flip(openPack(path, { ...decoding, shorterSide: 64 }))
        assert.include(error.message, "data.files.shorterSide = 64: the images of")
        assert.include(error.message, "set data.files.shorterSide to 256, or pack the images again")
      })
    )
  )

  it.effect("has the parts and classes that were told beside the images, and not by folders", () =>
    test(
      Effect.gen(function* () {
        const { path } = yield* given
        for (const name of ["wds", "hf", "unlabelled.parquet"]) {
          const set = yield* openFiles(join(import.meta.dirname, "../parity/collections", name), decoding)
          assert.deepStrictEqual(yield* writePack(set, decoding, path), [])
          const packed = yield* openPack(path, decoding)
          assert.deepStrictEqual(packed.told, set.told)
          assert.deepStrictEqual(yield* contentsOf(packed), yield* contentsOf(set))
        }
      })
    )
  )

  it.effect("is not there, nor a part of it, where packing was interrupted", () =>
    test(
      Effect.gen(function* () {
        const { path, root } = yield* given
        const set = yield* openFolder(root, decoding)
        const begun = yield* Deferred.make<void>()
        const wait = () => Effect.andThen(Deferred.succeed(begun, undefined), Effect.never)
        const fiber = yield* Effect.forkChild(writePack(set, decoding, path, wait))
        yield* Deferred.await(begun)
        assert.isNotEmpty(readdirSync(join(path, "..")))
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(readdirSync(join(path, "..")), [])
      })
    )
  )
})
