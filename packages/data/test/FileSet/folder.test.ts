import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Dataset } from "@moco/data/Dataset"
import { listTree } from "@moco/data/FileSet/tree"
import * as Files from "@moco/data/Files"
import { areTooMany } from "@moco/data/ImageSource/Files"
import { Effect, type FileSystem } from "effect"
import fc from "fast-check"
import { folderOf, gray, twoClasses } from "./imageFiles.ts"

const settingsOf = (path: string, changes: Partial<Files.FilesSettings> = {}): Files.FilesSettings => ({
  ...Files.usualFiles,
  path,
  heldBack: 0,
  ...changes
})

const open = (path: string, changes: Partial<Files.FilesSettings> = {}) =>
  Files.sourcesOf(settingsOf(path, changes), "test")

const test = <E>(
  body: Effect.Effect<void, E, Effect.Services<ReturnType<typeof open>> | FileSystem.FileSystem>
) => body.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const graysOf = Effect.fnUntraced(function* (
  { read }: Pick<Dataset["Service"]["train"], "read">,
  ...indices: ReadonlyArray<number>
) {
  const images = yield* read(Int32Array.from(indices))
  return images.map(({ pixels_HWC }) => pixels_HWC[0]!)
})

describe("files that may be damaged", () => {
  it("are always as many as the part that is named, however it is written", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 1000 }),
        (percent, hundreds) => {
          const [max, found] = [percent / 100, percent * hundreds]
          assert.isFalse(areTooMany({ found, max }, 100 * hundreds))
          assert.isTrue(areTooMany({ found: found + 1, max }, 100 * hundreds))
        }
      )
    )
    assert.isFalse(areTooMany({ found: 29, max: 0.29 }, 100))
  })
})

describe("a folder of images", () => {
  it.effect("is listed in one order, without links, hidden files and what is no image", () =>
    test(
      Effect.gen(function* () {
        const root = yield* folderOf({
          "b.JPG": "",
          "a/z.png": "",
          "a.webp": "",
          "notes.txt": "",
          ".hidden/x.png": "",
          "a/._y.png": ""
        })
        symlinkSync("/", join(root, "all"))
        symlinkSync(join(root, "b.JPG"), join(root, "c.jpg"))
        const { files, numLinks } = yield* listTree(root)
        assert.deepStrictEqual([files, numLinks], [["a.webp", "a/z.png", "b.JPG"], 2])
      })
    )
  )

  it.effect("is listed without what has a name that is no text", () =>
    test(
      Effect.gen(function* () {
        const root = yield* folderOf({ "a.png": "", "\uFFFD.png": "" })
        const latin1 = (name: string) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")])
        writeFileSync(latin1("caf\u00e9.png"), "")
        mkdirSync(latin1("\u00e9t\u00e9"))
        const { files, numUnnamed } = yield* listTree(root)
        assert.deepStrictEqual([files, numUnnamed], [["a.png", "\uFFFD.png"], 2])
      })
    )
  )

  it.effect("is told of where it is not there, or has no image", () =>
    test(
      Effect.gen(function* () {
        const empty = yield* folderOf({ "notes.txt": "" })
        symlinkSync("/nowhere.png", join(empty, "x.png"))
        const none = yield* Effect.flip(open(empty))
        assert.include(none.message, `no file below ${empty} has the name of a JPEG, PNG, WebP`)
        assert.include(none.message, "; 1 links are left out: none is followed")
        const missing = yield* Effect.flip(open(join(empty, "gone")))
        assert.include(missing.message, "gone cannot be read: ENOENT")
        const file = yield* Effect.flip(open(join(empty, "notes.txt")))
        assert.include(file.message, "is no folder, and no file of images: it begins like none")
      })
    )
  )

  it.effect("gives the images of its files, of sizes of their own, with the folders as classes", () =>
    test(
      Effect.gen(function* () {
        const root = yield* folderOf({ ...(yield* twoClasses), "a/wide.png": yield* gray(7, 9, 5) })
        const { test, train } = yield* open(root)
        assert.isUndefined(test)
        assert.deepStrictEqual([train.numImages, train.classes], [25, ["a", "b"]])
        assert.deepStrictEqual(Array.from(train.labels!), [
          ...Array<number>(13).fill(0),
          ...Array<number>(12).fill(1)
        ])
        const [wide, first] = yield* train.read(Int32Array.of(12, 13))
        assert.deepStrictEqual([wide!.height, wide!.width, wide!.pixels_HWC.length], [5, 9, 135])
        assert.deepStrictEqual([first!.height, first!.width, first!.pixels_HWC[0]], [2, 3, 110])
      })
    )
  )

  it.effect(
    "puts a file that is no image into quarantine, and the next one of its class stands in for it",
    () =>
      test(
        Effect.gen(function* () {
          const files = { ...(yield* twoClasses), "a/11.png": "damaged", "a/21.png": "damaged" }
          const { train } = yield* open(yield* folderOf(files), { maxBad: 0.1 })
          // Whichever is asked for first, and however often.
          assert.deepStrictEqual(yield* graysOf(train, 11, 1, 0, 2, 1, 12), [10, 12, 10, 12, 12, 110])
          const found = yield* train.quarantine!
          assert.deepStrictEqual(
            found.map(({ file, problem }) => [file.split("/").slice(-2).join("/"), problem.slice(0, 13)]),
            [
              ["a/11.png", "it is no JPEG"],
              ["a/21.png", "it is no JPEG"]
            ]
          )
        })
      )
  )

  it.effect("fails with the names of what is damaged where that is too much, or a whole class", () =>
    test(
      Effect.gen(function* () {
        const images = yield* twoClasses
        const some = yield* open(yield* folderOf({ ...images, "a/11.png": "damaged" }), { maxBad: 0.01 })
        const few = yield* Effect.flip(graysOf(some.train, 0, 1))
        assert.include(few.message, "1 of 24 so far: more than data.files.maxBad (1 %) allows")
        assert.include(few.message, "a/11.png (it is no JPEG")
        const onlyOne = Object.fromEntries(
          Object.entries(images).map(([name, bytes]) => [name, name.startsWith("a/") ? "damaged" : bytes])
        )
        const whole = yield* open(yield* folderOf(onlyOne), { maxBad: 1 })
        const all = yield* Effect.flip(graysOf(whole.train, 0))
        assert.include(all.message, "12 of 24 so far: no file of a class is an image")
        assert.include(all.message, "and 7 more")
      })
    )
  )

  it.effect("is known by its files' names: another file is another data set", () =>
    test(
      Effect.gen(function* () {
        const images = yield* twoClasses
        const hashOf = Effect.fnUntraced(function* (files: Readonly<Record<string, Uint8Array>>) {
          return Object.values((yield* open(yield* folderOf(files))).train.provenance.sha256)
        })
        const first = yield* hashOf(images)
        assert.deepStrictEqual(yield* hashOf(images), first)
        assert.notDeepEqual(yield* hashOf({ ...images, "a/22.png": images["a/21.png"]! }), first)
      })
    )
  )

  it.effect("is a data set that is seen in one size, with the statistics of photographs", () =>
    test(
      Effect.gen(function* () {
        const root = yield* folderOf(yield* twoClasses)
        const dataset = Effect.provide(
          Dataset.checked,
          Files.layer(settingsOf(root, { heldBack: 0.1 }), "test", 8)
        )
        const { input, mean, name, test, train } = yield* dataset
        assert.deepStrictEqual(input, { height: 8, width: 8, channels: 3 })
        assert.deepStrictEqual([train.numImages, test?.numImages], [22, 2])
        assert.deepStrictEqual([name, mean[0]], [root.split("/").at(-1), 0.485])
      })
    )
  )
})
