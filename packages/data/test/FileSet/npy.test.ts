import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Dataset } from "@moco/data/Dataset"
import { roleOf } from "@moco/data/FileSet/npy"
import { readNpyHeader } from "@moco/data/FileSet/npy/header"
import { openFiles } from "@moco/data/FileSet/open"
import * as Files from "@moco/data/Files"
import { Effect, type FileSystem, type Path, Result, type Scope } from "effect"
import fc from "fast-check"
import { folderOf } from "./imageFiles.ts"
import { npyOf } from "./npyFiles.ts"

const { background, maxPixels, shorterSide } = Files.usualFiles
const decoding = { background, maxPixels, shorterSide }
const recorded = join(import.meta.dirname, "../parity/collections")

const test = <E>(body: Effect.Effect<void, E, FileSystem.FileSystem | Path.Path | Scope.Scope>) =>
  body.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** Bytes of as many images of this form, each byte another. */
const bytes = (...sides: ReadonlyArray<number>) =>
  Uint8Array.from({ length: sides.reduce((product, side) => product * side, 1) }, (_, at) => at % 251)

const images = npyOf("|u1", [4, 2, 3], bytes(4, 2, 3))

describe("readNpyHeader", () => {
  it("always reads back what numpy.save writes of a form", () => {
    const forms = fc.record({
      descr: fc.constantFrom("|u1", "<i8", ">i2", "<f4"),
      shape: fc.array(fc.nat(1e6), { minLength: 0, maxLength: 6 }),
      fortran: fc.constantFrom("True", "False")
    })
    fc.assert(
      fc.property(forms, ({ descr, fortran, shape }) => {
        const file = npyOf(descr, shape, new Uint8Array(), fortran)
        const expected = { descr, shape, fortranOrder: fortran === "True", dataAt: file.length }
        assert.deepStrictEqual(readNpyHeader(file), Result.succeed(expected))
      })
    )
  })

  it("is soon told of a shape that is none, however long its digits are", () => {
    for (const sides of ["9".repeat(300), `${"1".repeat(40)},`.repeat(9), "1,,2", "L", "1 2"]) {
      const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${sides})}`
      const head = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, text.length & 0xff, text.length >> 8])
      const start = performance.now()
      assert.isTrue(Result.isFailure(readNpyHeader(Buffer.concat([head, Buffer.from(text)]))), sides)
      assert.isBelow(performance.now() - start, 100)
    }
  })

  it("evaluates nothing: what is no dictionary of the three keys is refused", () => {
    const header = (text: string) => {
      const length = Buffer.byteLength(text)
      return readNpyHeader(
        Buffer.concat([Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, length, 0]), Buffer.from(text)])
      )
    }
    const shape = "'shape': (1, 2, 3)"
    for (const text of [
      ...["", "{}", "__import__('os').system('x')", `{'descr': '|u1', 'fortran_order': False, ${shape}`],
      ...[`{'descr': '|u1', 'fortran_order': 0, ${shape}}`, `{'descr': '|u1', ${shape}, ${shape}}`],
      ...[
        `{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, -3)}`,
        `{'descr': f(), 'fortran_order': False, ${shape}}`
      ]
    ]) {
      const found = header(text)
      assert.isTrue(Result.isFailure(found), text)
    }
    assert.isTrue(Result.isSuccess(header(`{${shape}, 'descr': '|u1', 'fortran_order': True}`)))
  })
})

describe("an array of images", () => {
  it.effect("is read by slices, with the labels beside it, and channels as they are", () =>
    test(
      Effect.gen(function* () {
        const folder = yield* folderOf({
          "images.npy": npyOf("|u1", [3, 2, 2, 4], bytes(3, 2, 2, 4)),
          "labels.npy": npyOf(
            "<i8",
            [3],
            Uint8Array.from({ length: 24 }, (_, at) => (at % 8 === 0 ? 7 - at / 8 : 0))
          )
        })
        const set = yield* openFiles(join(folder, "images.npy"), decoding)
        assert.deepStrictEqual(set.form, { height: 2, width: 2, channels: 4 })
        assert.deepStrictEqual(set.told?.classes, ["7", "6", "5"])
        assert.deepStrictEqual(
          Array.from((yield* set.decode(1)).pixels_HWC),
          Array.from({ length: 16 }, (_, at) => 16 + at)
        )
      })
    )
  )

  it.effect("has means and deviations of its own, and is trained on in the size that is asked for", () =>
    test(
      Effect.gen(function* () {
        const settings = { ...Files.usualFiles, path: join(recorded, "npy"), heldBack: 0 }
        const { input, mean, std, test, train } = yield* Effect.provide(
          Dataset.checked,
          Files.layer(settings, "test", 6)
        )
        assert.deepStrictEqual(
          [input, train.numImages, test?.numImages],
          [{ height: 6, width: 6, channels: 5 }, 8, 4]
        )
        // Labels of two bytes, the higher one first.
        assert.deepStrictEqual([train.labels?.[7], ...test!.labels!], [1, 2, 0, 1, 2])
        // Image i is 10 i + 5 + c in channel c: of eight images the mean is 40 + c.
        assert.deepStrictEqual(
          mean.map((value) => Math.round(value * 255 * 1e6) / 1e6),
          [40, 41, 42, 43, 44]
        )
        for (const value of std) assert.closeTo(value, Math.sqrt(525) / 255, 1e-9)
      })
    )
  )

  it("goes by its name, and so do its labels", () => {
    const same = ["train_labels.npy", "y_train.npy", "train.labels.npy", "Train-Y.npy", "train_targets.npy"]
    for (const name of same) assert.deepStrictEqual(roleOf(name), { isLabels: true, key: "train" }, name)
    for (const name of ["train.npy", "x_train.npy", "train_images.npy"])
      assert.deepStrictEqual(roleOf(name), { isLabels: false, key: "train" }, name)
    assert.strictEqual(roleOf("a/images.npy").key, roleOf("a/labels.npy").key)
    assert.notStrictEqual(roleOf("a/images.npy").key, roleOf("b/labels.npy").key)
  })

  const refusal = Effect.fnUntraced(function* (files: Readonly<Record<string, Uint8Array>>) {
    return (yield* Effect.flip(openFiles(yield* folderOf(files), decoding))).message
  })

  const bad: ReadonlyArray<readonly [words: string, files: Readonly<Record<string, Uint8Array>>]> = [
    [
      "bytes of elements = 23: must be 24, for 4 x 2 x 3 elements: it was cut off",
      { "x.npy": images.subarray(0, -1) }
    ],
    [
      "bytes of elements = 25: must be 24, for 4 x 2 x 3 elements: something stands behind it",
      { "x.npy": Buffer.concat([images, Uint8Array.of(1)]) }
    ],
    ["header = 20 bytes: must be 118: it was cut off", { "x.npy": images.subarray(0, 30) }],
    ["version = 4: must be 1, 2 or 3", { "x.npy": Buffer.from(images).fill(4, 6, 7) }],
    ["shape = 4 x 2: must be images x height x width", { "x.npy": npyOf("|u1", [4, 2], bytes(4, 2)) }],
    ["images = 0: must be 1 or more", { "x.npy": npyOf("|u1", [0, 2, 3]) }],
    ["shape = 2 x 0 x 3: must have 1 to 65535 pixels a side", { "x.npy": npyOf("|u1", [2, 0, 3]) }],
    ["channels = 1025: must be 1 to 1024", { "x.npy": npyOf("|u1", [1, 1, 1, 1025], bytes(1025)) }],
    [
      "shape = 2 x 3 x 8 x 8: must not have the channels before height and width",
      { "x.npy": npyOf("|u1", [2, 3, 8, 8], bytes(2, 3, 8, 8)) }
    ],
    [
      "y.npy: shape = 3: must be 4, one label for each image",
      { "x.npy": images, "y.npy": npyOf("|u1", [3], bytes(3)) }
    ],
    ["y.npy: dtype = <f4: must be integers", { "x.npy": images, "y.npy": npyOf("<f4", [4], bytes(16)) }],
    [
      "y.npy: label 2 = -1: must be a class, 0 to 2147483647",
      { "x.npy": images, "y.npy": npyOf("|i1", [4], Uint8Array.of(0, 1, 255, 1)) }
    ],
    [
      "labels = labels.npy, y.npy: must be one array",
      { "x.npy": images, "y.npy": npyOf("|u1", [4], bytes(4)), "labels.npy": npyOf("|u1", [4], bytes(4)) }
    ],
    ["arrays of images = 0: must be 1 or more: all are named as labels are", { "y.npy": images }],
    [
      "images = 2 x 4 x 1: must be 2 x 3 x 1, as of a.npy",
      { "a.npy": images, "b.npy": npyOf("|u1", [1, 2, 4], bytes(8)) }
    ]
  ]
  for (const [words, files] of bad) {
    it.effect(`is told of: ${words}`, () =>
      test(
        Effect.gen(function* () {
          assert.include(yield* refusal(files), words)
        })
      )
    )
  }

  const written: ReadonlyArray<readonly [name: string, words: string]> = [
    ["fortran.npy", "fortran_order = True: must be False"],
    ["float.npy", "(255 * images).round().astype('uint8')"],
    ["objects.npy", "it holds Python objects, which only Python reads"],
    ["fields.npy", "it has fields: save one of them"],
    ["zipped.npz", "is a ZIP archive, or an .npz of arrays"],
    ["arrow.arrow", "is an Arrow file"],
    ["gzip.tar.gz", "is compressed by gzip"]
  ]
  for (const [name, words] of written) {
    it.effect(`says what to do with ${name}, which other programs have written`, () =>
      test(
        Effect.gen(function* () {
          const { message } = yield* Effect.flip(openFiles(join(recorded, name), decoding))
          assert.include(message, name)
          assert.include(message, words)
        })
      )
    )
  }
})
