import { readdirSync } from "node:fs"
import { gzipSync } from "node:zlib"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { Fetchable } from "@moco/data/Catalog/CatalogEntry"
import { fetch } from "@moco/data/Fetch"
import * as Cifar from "@moco/data/ImageSource/Cifar"
import * as Stl from "@moco/data/ImageSource/Stl"
import * as Parts from "@moco/data/Parts"
import { find, knownForms, type PublishedFile } from "@moco/data/PublishedFile"
import { Effect, Layer } from "effect"
import { folderArchive, placed } from "../published/archives.ts"
import { cifar, rowFiles, stl, stlFiles } from "../published/small.ts"
import { heard, sendFile, serve, sha256 } from "./server.ts"

export const services = Layer.mergeAll(NodeServices.layer, NodeHttpClient.layerUndici)

export const about = {
  name: "mine",
  description: "made by a test",
  numImages: { test: { train: 8, evaluation: 4 }, validation: { train: 4, evaluation: 4 } },
  size: { height: 3, width: 2 },
  channels: 3,
  classes: undefined,
  origin: { from: "a test", licence: undefined },
  sources: () => Effect.die("nothing is read")
} as const

export const placeOf = (...downloads: Fetchable["place"]["downloads"]) =>
  ({ kind: "installed", folder: "mine", systemDirs: [], downloads, fix: [] }) as const

export const digestOf = (bytes: Uint8Array) => ({ algorithm: "SHA-256", hex: sha256(bytes) }) as const

/** A data set in an archive, as CIFAR is one. */
export const packed = Effect.fnUntraced(function* (origin: string) {
  const bytes = yield* folderArchive("mine-bin", rowFiles)
  const [rows, pickles] = cifar.published
  const formats = Cifar.formatsOf({ ...cifar, published: [{ ...rows, digest: digestOf(bytes) }, pickles!] })
  const download = {
    name: rows.archive,
    numBytes: bytes.length,
    digest: digestOf(bytes),
    addresses: [`${origin}/${rows.archive}`]
  } as const
  const entry: Fetchable = {
    ...about,
    place: placeOf(download),
    files: Parts.knownFiles(formats),
    find: (dirs) => Parts.find(formats, dirs)
  }
  return { entry, bytes, archive: rows.archive }
})

/** Two files, as MNIST has them: one known by what it decompresses to, the other as it was compressed. */
export const raw = {
  one: Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3),
  two: Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7)
}
export const gz = { one: gzipSync(raw.one), two: gzipSync(raw.two) }

export const inFiles = (origin: string): Fetchable => {
  const files: ReadonlyArray<PublishedFile> = [
    {
      name: "one",
      dims: [3],
      sha256: sha256(raw.one),
      sha256OfGz: sha256(gz.one),
      numBytesOfGz: gz.one.length
    },
    { name: "two", dims: [1], sha256OfGz: sha256(gz.two), numBytesOfGz: gz.two.length }
  ]
  const downloads = files.map(({ name, numBytesOfGz, sha256OfGz }) => ({
    name: `${name}.gz`,
    numBytes: numBytesOfGz!,
    digest: { algorithm: "SHA-256", hex: sha256OfGz! } as const,
    addresses: [`${origin}/${name}.gz`] as const
  }))
  return {
    ...about,
    place: placeOf(...downloads),
    files: files.flatMap(knownForms),
    find: (dirs) => find(files, dirs)
  }
}

/** Images of which some can be read unpacked alone, as STL-10's without labels. */
export const unpacked = Effect.fnUntraced(function* (
  origin: string,
  inArchive: Partial<typeof stlFiles> = {}
) {
  const bytes = yield* folderArchive("mine_binary", { ...stlFiles, ...inArchive })
  const [from] = Stl.labelledFormats({ ...stl, digest: digestOf(bytes) })
  const formats = Stl.unlabelledFormats(stl)
  const [{ parts }] = formats
  const archive = {
    name: "mine_binary.tar.gz",
    numBytes: bytes.length,
    digest: digestOf(bytes),
    addresses: [`${origin}/mine_binary.tar.gz`]
  } as const
  const wanted = parts.map(({ name }) => name)
  const entry: Fetchable = {
    ...about,
    place: { ...placeOf(archive), unpacked: { archive: archive.name, from, parts: wanted } },
    files: Parts.knownFiles(formats),
    find: (dirs) => Parts.find(formats, dirs)
  }
  return { entry, bytes }
})

/** Fetches a data set into an empty folder, where it is looked for first; `also` is looked at too. */
export const into = Effect.fnUntraced(function* (also: ReadonlyArray<string> = []) {
  const folder = yield* placed({})
  const { events, kinds, observe } = heard()
  let numClaims = 0
  const claim = Effect.sync(() => void numClaims++)
  const searchDirs = [folder, ...also]
  const run = (entry: Fetchable, from?: string) => fetch(entry, { folder, searchDirs, from, claim }, observe)
  const names = () => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()
  return { folder, events, kinds, names, run, numClaims: () => numClaims }
})

/** Serves files by their names. */
export const serving = (files: () => Readonly<Record<string, Uint8Array>>) =>
  serve((response, asked) => {
    const bytes = files()[asked.path.slice(1)]
    return bytes === undefined ? response.writeHead(404).end() : sendFile(response, asked, bytes)
  })
