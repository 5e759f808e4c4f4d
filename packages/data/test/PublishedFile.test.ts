import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import * as Catalog from "@moco/data/Catalog"
import * as IdxPair from "@moco/data/ImageSource/IdxPair"
import { Effect, Result } from "effect"
import fc from "fast-check"
import { pixelsOf } from "./imagesOf.ts"
import { placed, whereabouts } from "./published/archives.ts"
import { refusal } from "./published/refusal.ts"

const idx = (dims: ReadonlyArray<number>, data: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(4 + 4 * dims.length)
  head.set([0, 0, 8, dims.length])
  for (const [axis, dim] of dims.entries()) head.writeUInt32BE(dim, 4 + 4 * axis)
  return Buffer.concat([head, data])
}

const data = Uint8Array.from({ length: 24 }, (_, at) => at * 10)
const images = idx([4, 3, 2], data)
const labels = idx([4], Uint8Array.of(0, 2, 1, 2))
const packed = gzipSync(images)
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

const pair: IdxPair.IdxPair = {
  images: { name: "images", dims: [4, 3, 2], sha256OfGz: hashOf(packed) },
  labels: { name: "labels", dims: [4] }
}
const about: IdxPair.AboutPairs = {
  classes: ["a", "b", "c"],
  provenance: { name: "mine", from: "made by a test", licence: undefined }
}
const read = Effect.fnUntraced(function* (files: Readonly<Record<string, Uint8Array>>) {
  const dir = yield* placed(files)
  return yield* Effect.mapError(IdxPair.read(pair, about, whereabouts(dir)), (error) => ({
    _tag: error._tag,
    message: error.message.replaceAll(dir, "DIR")
  }))
})

layer(NodeServices.layer)("A pair of IDX files without a hash of what they hold", (it) => {
  it.effect("is read compressed as it was published, or decompressed, by its form", () =>
    Effect.gen(function* () {
      for (const files of [
        { "images.gz": packed, labels },
        { images, "labels.gz": gzipSync(labels) }
      ]) {
        const source = yield* read(files)
        assert.deepStrictEqual(Uint8Array.from(pixelsOf(source)), data)
        assert.deepStrictEqual([...source.labels!], [0, 2, 1, 2])
        assert.deepStrictEqual(source.provenance.sha256, { images: hashOf(images), labels: hashOf(labels) })
      }
    })
  )

  const other = gzipSync(images, { level: 1 })
  const wrong: ReadonlyArray<
    readonly [tag: string, words: string, files: Readonly<Record<string, Uint8Array>>]
  > = [
    [
      "DatasetCorrupt",
      `DIR/images.gz is damaged: its SHA-256 should be ${hashOf(packed)}, it is ${hashOf(other)}`,
      { "images.gz": other, labels }
    ],
    [
      "DatasetCorrupt",
      "it is not known (gzip: unexpected end of file)",
      { "images.gz": packed.subarray(0, 20), labels }
    ],
    [
      "IdxMalformed",
      "DIR/labels.gz is not a valid IDX file",
      { images, "labels.gz": gzipSync(labels).subarray(0, 20) }
    ],
    [
      "IdxMalformed",
      "DIR/images is not a valid IDX file: byte 2: data type 9",
      { images: images.with(2, 9), labels }
    ],
    [
      "IdxMalformed",
      "DIR/images is not a valid IDX file: byte 16: 4 x 3 x 2 values were announced, 23 bytes follow",
      { images: images.subarray(0, -1), labels }
    ],
    [
      "DatasetInvalid",
      "size of DIR/images = 4 x 2 x 3: must be 4 x 3 x 2, the size of the published array",
      { images: idx([4, 2, 3], data), labels }
    ],
    [
      "DatasetInvalid",
      "size of DIR/labels = 3: must be 4, the size of the published array",
      { images, labels: idx([3], new Uint8Array(3)) }
    ],
    [
      "DatasetInvalid",
      "size of DIR/labels = 1 x 1 x 1 x 1 x 1 x 1 x 1 x 1: must be 4",
      { images, labels: idx(new Array<number>(200).fill(1), Uint8Array.of(0)) }
    ],
    [
      "DatasetInvalid",
      "label 2 of DIR/labels = 3: must be below 3, the number of classes",
      { images, labels: idx([4], Uint8Array.of(0, 2, 3, 2)) }
    ],
    ["DatasetMissing", "mine: labels.gz was not found", { images }]
  ]
  for (const [tag, words, files] of wrong) {
    it.effect(`is refused where it is something else: ${words}`, () =>
      Effect.gen(function* () {
        assert.include(yield* refusal(read(files), tag as "DatasetInvalid"), words)
      })
    )
  }

  it.effect("of changed bytes is always read, or refused by a typed error", () =>
    Property.check(
      // Half of them whole.
      fc.tuple(fc.nat(39), fc.nat(255), fc.oneof(fc.constant(40), fc.nat(40))),
      Effect.fnUntraced(function* ([at, value, end]) {
        const result = yield* Effect.result(read({ images: images.with(at, value).subarray(0, end), labels }))
        if (Result.isSuccess(result)) return assert.isTrue(end === 40 && result.success.numImages === 4)
        assert.include(["IdxMalformed", "DatasetInvalid"], result.failure._tag)
      })
    )
  )
})

layer(NodeServices.layer)("MNIST and KMNIST", (it) => {
  for (const name of ["mnist", "kmnist"] as const) {
    it.effect(`${name} is known by the published hash of each file as it was compressed`, () =>
      Effect.gen(function* () {
        const dir = yield* placed({
          "train-images-idx3-ubyte.gz": gzipSync(idx([60_000, 28, 28], new Uint8Array(47_040_000)))
        })
        const reading = Effect.scoped(Catalog.sourcesOf(name, "test", [dir]))
        const sha256 = { mnist: "440fcabf73cc546f", kmnist: "51467d22d8cc7292" }[name]
        assert.include(yield* refusal(reading, "DatasetCorrupt"), `its SHA-256 should be ${sha256}`)
      })
    )

    it.effect(`${name} is read decompressed by its form, 60,000 images and 10,000`, () =>
      Effect.gen(function* () {
        const labelled = (count: number) =>
          idx(
            [count],
            Uint8Array.from({ length: count }, (_, at) => at % 10)
          )
        const dir = yield* placed({
          "train-images-idx3-ubyte": idx([60_000, 28, 28], new Uint8Array(47_040_000).fill(5)),
          "train-labels-idx1-ubyte": labelled(60_000),
          "t10k-images-idx3-ubyte": idx([10_000, 28, 28], new Uint8Array(7_840_000).fill(6)),
          "t10k-labels-idx1-ubyte": labelled(10_000)
        })
        const { test, train } = yield* Effect.scoped(Catalog.sourcesOf(name, "test", [dir]))
        assert.deepStrictEqual([train.numImages, test?.numImages], [60_000, 10_000])
        const tuning = yield* Effect.scoped(Catalog.sourcesOf(name, "validation", [dir]))
        assert.deepStrictEqual([tuning.train.numImages, tuning.test?.numImages], [50_000, 10_000])
        assert.deepStrictEqual([train.provenance.name, train.classes?.length], [name, 10])
      })
    )
  }
})
