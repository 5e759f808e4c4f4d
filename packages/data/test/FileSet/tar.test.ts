import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { openFiles } from "@moco/data/FileSet/open"
import * as Files from "@moco/data/Files"
import { Effect, type FileSystem, type Path, type Scope } from "effect"
import { folderOf, gray } from "./imageFiles.ts"
import { type MadeMember, tarOf } from "./tarFiles.ts"

const { background, maxPixels, shorterSide } = Files.usualFiles
const decoding = { background, maxPixels, shorterSide }

const test = <E>(body: Effect.Effect<void, E, FileSystem.FileSystem | Path.Path | Scope.Scope>) =>
  body.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const open = Effect.fnUntraced(function* (bytes: Uint8Array, name = "x.tar") {
  return yield* openFiles(join(yield* folderOf({ [name]: bytes }), name), decoding)
})

const refusal = (bytes: Uint8Array) => Effect.map(Effect.flip(open(bytes)), ({ message }) => message)

const image = (name: string): MadeMember => ({ name, content: "an image" })

describe("a tar archive", () => {
  it.effect("gives the images of its files, with the labels beside them", () =>
    test(
      Effect.gen(function* () {
        const set = yield* open(
          tarOf(
            { name: "s/0.png", content: yield* gray(10) },
            { name: "s/0.json", content: '{"label": 99}' },
            { name: "s/0.cls", content: "12\n" },
            { name: "s/0.json", content: '{"label": 98}' },
            { name: "s/1.cls", content: "3" },
            { name: "s/1.left.PNG", content: yield* gray(20) }
          )
        )
        const images = yield* Effect.forEach([1, 0], (index) => set.decode(index))
        assert.deepStrictEqual(
          images.map(({ pixels_HWC }) => pixels_HWC[0]),
          [20, 10]
        )
        assert.deepStrictEqual(
          [set.names, set.told?.classes, set.told?.order],
          [
            ["s/0.png", "s/1.left.PNG"],
            ["12", "3"],
            ["3", "12"]
          ]
        )
      })
    )
  )

  it.effect("has the classes of its folders where a label is missing, and says so", () =>
    test(
      Effect.gen(function* () {
        const set = yield* open(
          tarOf(image("top/a/0.png"), { name: "top/a/0.cls", content: "1" }, image("top/b/1.png"), {
            name: "top/b/1.json",
            content: "{}"
          })
        )
        assert.deepStrictEqual(set.told?.classes, ["a", "b"])
        assert.deepStrictEqual(set.notes, [
          "1 of 2 images have no .cls or .json with a label: labels are not used"
        ])
      })
    )
  )

  it.effect("has names of older encodings, and keeps them apart", () =>
    test(
      Effect.gen(function* () {
        const latin1 = (name: string) => new Uint8Array(Buffer.from(name, "latin1"))
        const archive = tarOf(
          { name: latin1("caf\u00e9.png"), content: yield* gray(1) },
          { name: latin1("caf\u00ea.png"), content: yield* gray(2) }
        )
        const { names } = yield* openFiles(join(yield* folderOf({ "x.tar": archive }), "x.tar"), decoding)
        assert.deepStrictEqual(names, ["caf\u00e9.png", "caf\u00ea.png"])
      })
    )
  )

  it.effect("leaves out what is hidden, what has no bytes of its own, and names that lead outside", () =>
    test(
      Effect.gen(function* () {
        const set = yield* open(
          tarOf(
            ...[
              image("./a.png"),
              image("._b.png"),
              image(".hidden/c.png"),
              image("../d.png"),
              image("/e.png")
            ],
            ...[
              { name: "f.png", type: "2" },
              { name: "g.png", type: "1" },
              { name: "h.png", type: "3" },
              { name: "notes.txt" }
            ]
          )
        )
        assert.deepStrictEqual(set.names, ["./a.png"])
        assert.deepStrictEqual(set.notes, [
          "3 links, devices and the like in archives were left out",
          "2 images whose names lead out of their archive were left out"
        ])
      })
    )
  )

  const bad: ReadonlyArray<readonly [words: string, archive: Uint8Array]> = [
    ["images = 0: no file in it has the name of a JPEG, PNG", tarOf({ name: "a.txt" })],
    ["a.png = two files: must be there once", tarOf(image("a.png"), image("a.png"))],
    ["a.cls = -1: must be a class, 0 to 2147483647", tarOf(image("a.png"), { name: "a.cls", content: "-1" })],
    [
      "a.cls = : must be a class: a number, or a name",
      tarOf(image("a.png"), { name: "a.cls", content: " " })
    ],
    ["a.json = {: must be JSON", tarOf(image("a.png"), { name: "a.json", content: "{" })],
    ["0.5: must be a class", tarOf(image("a.png"), { name: "a.json", content: '{"label": 0.5}' })],
    [
      '"label": []: must be a number or a name',
      tarOf(image("a.png"), { name: "a.json", content: '{"label": []}' })
    ],
    ["is compressed by gzip, in which no image can be read by itself", gzipSync(tarOf(image("a.png")))]
  ]
  for (const [words, archive] of bad) {
    it.effect(`is told of: ${words}`, () =>
      test(
        Effect.gen(function* () {
          assert.include(yield* refusal(archive), words)
        })
      )
    )
  }

  it.effect("puts an image that is none into quarantine, by its name in the archive", () =>
    test(
      Effect.gen(function* () {
        const folder = yield* folderOf({ "x.tar": tarOf(image("a.png")) })
        const error = yield* Effect.flip((yield* openFiles(join(folder, "x.tar"), decoding)).decode(0))
        assert.strictEqual(error.file, `${join(folder, "x.tar")}: a.png`)
        assert.include(error.problem, "it is no JPEG")
      })
    )
  )
})

describe("shards", () => {
  it.effect("are the parts that their names say, and together one set", () =>
    test(
      Effect.gen(function* () {
        const shard = (name: string) => tarOf(image(`${name}.png`), { name: `${name}.cls`, content: "1" })
        const folder = yield* folderOf({
          ...{ "in-train-1.tar": shard("b"), "in-train-0.tar": shard("a"), "in-val-0.tar": shard("c") },
          "other.tar": shard("d")
        })
        const set = yield* openFiles(folder, decoding)
        assert.deepStrictEqual(set.names, [
          "in-train-0.tar/a.png",
          "in-train-1.tar/b.png",
          "in-val-0.tar/c.png",
          "other.tar/d.png"
        ])
        assert.deepStrictEqual(set.told?.parts, ["train", "train", "validation", undefined])
      })
    )
  )

  it.effect("may be named by a range, and each must be there", () =>
    test(
      Effect.gen(function* () {
        const folder = yield* folderOf({
          "s-00.tar": tarOf(image("a.png")),
          "s-01.tar": tarOf(image("b.png"))
        })
        const set = yield* openFiles(join(folder, "s-{00..01}.tar"), decoding)
        assert.deepStrictEqual(
          [set.names, set.name],
          [["s-00.tar/a.png", "s-01.tar/b.png"], "s-{00..01}.tar"]
        )
        const missing = yield* Effect.flip(openFiles(join(folder, "s-{00..02}.tar"), decoding))
        assert.include(missing.message, `${join(folder, "s-02.tar")} cannot be read: ENOENT`)
      })
    )
  )
})
