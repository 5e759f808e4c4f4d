import { decodeBmp } from "@moco/data/Decode/bmp"
import { ImageUndecodable } from "@moco/data/Decode/errors"
import { run } from "@moco/data/Decode/worker"
import type { FileKind } from "@moco/data/FileSet/kinds"
import { openNpy } from "@moco/data/FileSet/npy"
import { openArray, readLabels } from "@moco/data/FileSet/npy/arrays"
import { openPack } from "@moco/data/FileSet/pack"
import { openParquet } from "@moco/data/FileSet/parquet"
import { openTable, readValues } from "@moco/data/FileSet/parquet/Table"
import type { Collection } from "@moco/data/FileSet/shards"
import { openTar } from "@moco/data/FileSet/tar"
import { fromPickle, fromRows } from "@moco/data/ImageSource/Cifar/batches"
import * as Stl from "@moco/data/ImageSource/Stl"
import { readParts } from "@moco/data/Parts/TarGz"
import { Effect } from "effect"
import { decodeByAddon } from "./addonJpeg.ts"
import * as samples from "./dataSamples.ts"
import { inMemory } from "./files.ts"
import { mutateBytes } from "./mutate.ts"
import {
  mutateInPlace,
  mutateNpy,
  mutatePack,
  mutateParquet,
  mutateTar,
  mutateTarGz,
  oneOf
} from "./mutateData.ts"
import type { Limits, Parser } from "./Parser.ts"

/** 100 ms, and ten times the input beside what the runtime takes in passing. */
const strict: Limits = { ms: 100, bytes: 2 ** 22, bytesPerByte: 10, share: 1 }
/** A page may become 2 MiB whatever its length, of images and of labels. */
const pages: Limits = { ...strict, bytes: 2 ** 23 }
/** As many pixels as an image may have, as the decoder holds them and as they come out; threads of the decoder are begun. */
const images: Limits = { ...strict, ms: 500, bytes: 2 ** 24, share: 0.1 }

const decoding = { background: [255, 255, 255], maxPixels: 1000, shorterSide: 0 }

const collectionOf = (kind: FileKind, name: string, bytes: Uint8Array): Collection => ({
  ...{ name, path: `/fuzz/${name}`, kind, notes: [] },
  shards: [{ name, path: `/fuzz/${name}`, numBytes: bytes.length }]
})

const part = (bytes: Uint8Array) => ({ name: "fuzz", bytes, origin: "fuzz" })

/** Every page of the images, beside the labels, which opening reads. */
const readParquet = (bytes: Uint8Array) => {
  const collection = collectionOf("parquet", "x.parquet", bytes)
  const [shard] = collection.shards
  const all = Effect.gen(function* () {
    yield* openParquet(collection, decoding)
    const { groups } = yield* openTable(shard!)
    for (const { image } of groups) {
      for (const place of image.pages.keys()) {
        // A fault of its own, which whoever reads an image makes words of.
        yield* Effect.mapError(readValues(shard!.path, image, place), ({ message }) => message)
      }
    }
  })
  return inMemory(bytes, Effect.scoped(all))
}

const readNpy = (bytes: Uint8Array) =>
  inMemory(
    bytes,
    Effect.scoped(
      Effect.gen(function* () {
        const labels = yield* Effect.result(
          Effect.flatMap(openArray({ path: "/fuzz/y.npy" }), (array) => readLabels(array, 3))
        )
        if (labels._tag === "Success") return
        const set = yield* openNpy(collectionOf("npy", "x.npy", bytes), decoding)
        yield* set.decode(0)
      })
    )
  )

const readPack = (bytes: Uint8Array) =>
  inMemory(
    bytes,
    Effect.scoped(
      Effect.flatMap(openPack("/fuzz/x.pack", decoding), (set) =>
        Effect.forEach(set.names.slice(0, 10), (_, index) => set.decode(index))
      )
    )
  )

const decode = (bytes: Uint8Array) =>
  Effect.flatMap(
    Effect.promise(() => run({ ...decoding, path: "fuzz", maxBytes: 2 ** 20, bytes: new Uint8Array(bytes) })),
    (outcome) =>
      "image" in outcome
        ? Effect.succeed(outcome.image)
        : Effect.fail(new ImageUndecodable({ file: "fuzz", ...outcome }))
  )

const mutateImage = oneOf(
  mutateBytes,
  mutateInPlace(0, (length) => length),
  mutateInPlace(0, () => 64)
)

const decoder = (name: string, files: ReadonlyArray<string>): Parser => ({
  name,
  inputs: samples.imagesOf(files),
  mutate: mutateImage,
  parse: decode,
  limits: images
})

/** Of a parser that throws: its refusal is a plain Error, and all else is a defect. */
const refusing = <A>(parse: () => A) =>
  Effect.suspend((): Effect.Effect<A, string> => {
    try {
      return Effect.succeed(parse())
    } catch (cause) {
      return cause instanceof Error && cause.constructor === Error
        ? Effect.fail(cause.message)
        : Effect.die(cause)
    }
  })

/** Everything that reads bytes of a data set. */
export const dataParsers: ReadonlyArray<Parser> = [
  {
    name: "cifarRows",
    inputs: [samples.rows],
    mutate: mutateBytes,
    parse: (bytes) => fromRows(part(bytes), 2, samples.batchForm, samples.about),
    limits: strict
  },
  {
    name: "pickle",
    inputs: [samples.pickle],
    mutate: oneOf(
      mutateBytes,
      mutateInPlace(0, (length) => length)
    ),
    parse: (bytes) => fromPickle(part(bytes), 2, samples.batchForm, samples.about),
    limits: strict
  },
  {
    name: "stl",
    inputs: [new Uint8Array(12)],
    mutate: mutateBytes,
    parse: (bytes) =>
      inMemory(
        bytes,
        Effect.scoped(
          Effect.flatMap(Stl.openUnlabelled(samples.stl, samples.about), ({ read }) =>
            read(Int32Array.of(1, 0))
          )
        )
      ),
    limits: strict
  },
  {
    name: "tarGz",
    inputs: [samples.tar],
    mutate: mutateTarGz,
    parse: (bytes) => inMemory(bytes, readParts("/fuzz/x.tar.gz", samples.archive, ["1.png"], samples.about)),
    limits: strict
  },
  {
    name: "tar",
    inputs: [samples.tar],
    mutate: mutateTar,
    parse: (bytes) => inMemory(bytes, Effect.scoped(openTar(collectionOf("tar", "x.tar", bytes), decoding))),
    limits: strict
  },
  { name: "parquet", inputs: samples.parquetFiles, mutate: mutateParquet, parse: readParquet, limits: pages },
  { name: "npy", inputs: samples.arrays, mutate: mutateNpy, parse: readNpy, limits: strict },
  { name: "pack", inputs: [samples.pack], mutate: mutatePack, parse: readPack, limits: strict },
  {
    name: "bmp",
    inputs: samples.imagesOf(["rgb.bmp", "rgba.bmp", "palette.bmp"]),
    mutate: mutateImage,
    parse: (bytes) => refusing(() => decodeBmp(bytes, decoding)),
    limits: strict
  },
  decoder("png", ["rgb.png", "gray-alpha.png", "palette.png", "gray-16.png"]),
  decoder("jpeg", ["rgb.jpg", "progressive.jpg", "cmyk.jpg", "turned-6.jpg"]),
  {
    ...decoder("jpegByAddon", ["rgb.jpg", "subsampled.jpg", "gray.jpg", "turned-1.jpg"]),
    parse: (bytes) => decodeByAddon(bytes, { ...decoding, maxBytes: 2 ** 20 })
  },
  decoder("webp", ["lossless.webp"]),
  decoder("gif", ["rgb.gif"])
]
