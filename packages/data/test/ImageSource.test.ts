import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Catalog from "@moco/data/Catalog"
import * as Files from "@moco/data/Files"
import * as ImageSource from "@moco/data/ImageSource"
import * as Cifar from "@moco/data/ImageSource/Cifar"
import * as InMemory from "@moco/data/ImageSource/InMemory"
import * as Stl from "@moco/data/ImageSource/Stl"
import * as Synthetic from "@moco/data/ImageSource/Synthetic"
import type { Whereabouts } from "@moco/data/PublishedFile"
import { imageSourceLaws, mixedSource, reordered } from "@moco/data/testing"
import { Effect, type FileSystem, type Path, type Scope } from "effect"
import fc from "fast-check"
import { imagesOf, pixelsOf } from "./imagesOf.ts"
import { placed, whereabouts } from "./published/archives.ts"
import * as smallSets from "./published/small.ts"

type Needs = FileSystem.FileSystem | Path.Path | Scope.Scope

/** Image i holds i everywhere, so that every pixel says where it comes from. */
const numbered = (numImages: number): InMemory.PixelArray => ({
  pixels_NHWC: Uint8Array.from({ length: numImages * 6 }, (_, offset) => Math.floor(offset / 6)),
  labels: Int32Array.from({ length: numImages }, (_, index) => 1000 * index),
  numImages,
  height: 3,
  width: 2,
  channels: 1
})

const origin: InMemory.Origin = {
  classes: Array.from({ length: 9001 }, (_, index) => `class ${index}`),
  provenance: { name: "numbered", sha256: {}, from: "made by a test", licence: undefined }
}

const drawn = { height: 5, width: 4, channels: 3, numClasses: 4, seed: 1 }
const synthetic = Synthetic.source(drawn, Synthetic.pixels(drawn, 0, 30))
const unlabelled = InMemory.unchecked(
  { ...numbered(7), labels: undefined },
  { ...origin, classes: undefined }
)
/** The first source of files that lie in a folder. */
const published = <E>(
  files: Readonly<Record<string, Uint8Array>>,
  read: (about: Whereabouts) => Effect.Effect<ReadonlyArray<ImageSource.ImageSource>, E, Needs>
) =>
  Effect.flatMap(placed(files), (dir) => read(whereabouts(dir))).pipe(
    Effect.map(([source]) => source!),
    Effect.provide(NodeServices.layer)
  )

/** The images to train on of a collection that other programs have written. */
const collected = (name: string) =>
  Files.sourcesOf(
    { ...Files.usualFiles, path: join(import.meta.dirname, "parity/collections", name) },
    "test"
  ).pipe(
    Effect.map(({ train }) => train),
    Effect.provide(NodeServices.layer)
  )

const embedded = Catalog.sourcesOf("fashion-mnist-10k", "test", [])

const sources: ReadonlyArray<
  readonly [name: string, open: Effect.Effect<ImageSource.ImageSource, unknown, Scope.Scope>]
> = [
  ["of an array", InMemory.make(numbered(9), origin)],
  ["of an array without labels", Effect.succeed(unlabelled)],
  ["of synthetic images", Effect.succeed(synthetic)],
  ["of images of many sizes", Effect.succeed(mixedSource(40, 3))],
  ["that is a part of another", Effect.succeed(ImageSource.slice(synthetic, 3, 17))],
  ["that is a part of images of many sizes", Effect.succeed(ImageSource.slice(mixedSource(40, 1), 11, -2))],
  ["that answers out of order", Effect.succeed(reordered(synthetic, (indices) => (indices[0] ?? 0) % 3))],
  [
    "of rows of planes",
    published(smallSets.rowFiles, (about) => Cifar.read(smallSets.cifar, ["train"], about))
  ],
  ["of pickles", published(smallSets.pickleFiles, (about) => Cifar.read(smallSets.cifar, ["train"], about))],
  [
    "of labelled files",
    published(smallSets.stlFiles, (about) => Stl.readLabelled(smallSets.stl, ["train"], about))
  ],
  [
    "that is read by index",
    published(smallSets.stlFiles, (about) => Effect.all([Stl.openUnlabelled(smallSets.stl, about)]))
  ],
  ["of tar archives", collected("wds")],
  ["of Parquet files", collected("hf")],
  ["of a Parquet file of pages of the second version", collected("zstd-2.0.parquet")],
  ["of NumPy arrays of five channels", collected("npy")],
  ["of Fashion-MNIST", Effect.map(Effect.provide(embedded, NodeServices.layer), ({ train }) => train)]
]

for (const [name, open] of sources) describe(`A source ${name}`, () => imageSourceLaws(open))

describe("ImageSource.slice", () => {
  it("always has the images and labels of the range, in the memory of the whole", () => {
    const end = fc.integer({ min: -12, max: 12 })
    fc.assert(
      fc.property(fc.nat(9), end, end, (n, a, b) => {
        const whole = numbered(n)
        const part = ImageSource.slice(InMemory.unchecked(whole, origin), a, b)
        const expected = [...(whole.labels ?? [])].slice(a, b)
        assert.strictEqual(part.numImages, expected.length)
        assert.deepStrictEqual([...part.labels!], expected)
        assert.deepStrictEqual(
          [...pixelsOf(part)],
          expected.flatMap((label) => Array(6).fill(label / 1000))
        )
        for (const { pixels_HWC } of imagesOf(part)) {
          assert.strictEqual(pixels_HWC.buffer, whole.pixels_NHWC.buffer)
        }
      })
    )
  })

  it("can be sliced again", () => {
    const part = ImageSource.slice(InMemory.unchecked(numbered(9), origin), 3, 8)
    assert.deepStrictEqual([...ImageSource.slice(part, 1, 3).labels!], [4000, 5000])
  })
})

describe("ImageSource.make", () => {
  const image = { height: 3, width: 2, pixels_HWC: new Uint8Array(6) }
  const lies: ReadonlyArray<readonly [words: string, images: ImageSource.Images]> = [
    ["read(indices) = Undefined: must be an array", undefined as never],
    ["read(indices).length = 1: must be 2", [image]],
    ["image 1 = Undefined: must be an object with height, width and pixels_HWC", [image, undefined as never]],
    ["image 0 = Null: must be an object", [null as never, image]],
    ["size of image 1 = 2 x 3: must be 3 x 2", [image, { ...image, height: 2, width: 3 }]],
    [
      "pixels_HWC.length of image 0 = 5: must be 6: 3 x 2 x 1",
      [{ ...image, pixels_HWC: new Uint8Array(5) }, image]
    ],
    [
      "pixels_HWC of image 1 = Float32Array: must be a Uint8Array",
      [image, { ...image, pixels_HWC: new Float32Array(6) as never }]
    ],
    [
      "pixels_HWC of image 0 = Undefined: must be a Uint8Array",
      [{ ...image, pixels_HWC: undefined as never }, image]
    ]
  ]
  for (const [words, images] of lies) {
    it.effect(`makes no image of what is none: ${words}`, () =>
      Effect.gen(function* () {
        const source = ImageSource.make({ ...unlabelled, read: () => Effect.succeed(images) })
        const error = yield* Effect.flip(source.read(Int32Array.of(0, 1)))
        assert.strictEqual(error._tag, "DatasetInvalid")
        assert.include(error.message, words)
      })
    )
  }
})
