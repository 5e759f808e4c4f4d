import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Catalog from "@moco/data/Catalog"
import type { Fetchable } from "@moco/data/Catalog/CatalogEntry"
import { fetch } from "@moco/data/Fetch"
import * as Cifar from "@moco/data/ImageSource/Cifar"
import * as Stl from "@moco/data/ImageSource/Stl"
import * as Parts from "@moco/data/Parts"
import { find, knownForms, type PublishedFile } from "@moco/data/PublishedFile"
import { Effect, Layer } from "effect"
import { folderArchive, placed } from "../published/archives.ts"
import { refusal } from "../published/refusal.ts"
import { cifar, rowFiles, stl, stlFiles } from "../published/small.ts"
import { heard, sendFile, serve, sha256 } from "./server.ts"

const services = Layer.mergeAll(NodeServices.layer, NodeHttpClient.layerUndici)

const about = {
  name: "mine",
  description: "made by a test",
  numImages: { test: { train: 8, evaluation: 4 }, validation: { train: 4, evaluation: 4 } },
  size: { height: 3, width: 2 },
  channels: 3,
  classes: undefined,
  origin: { from: "a test", licence: undefined },
  sources: () => Effect.die("nothing is read")
} as const

const placeOf = (...downloads: Fetchable["place"]["downloads"]) =>
  ({ kind: "installed", folder: "mine", systemDirs: [], downloads, fix: [] }) as const

const digestOf = (bytes: Uint8Array) => ({ algorithm: "SHA-256", hex: sha256(bytes) }) as const

/** A data set in an archive, as CIFAR is one. */
const packed = Effect.fnUntraced(function* (origin: string) {
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
const raw = {
  one: Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3),
  two: Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7)
}
const gz = { one: gzipSync(raw.one), two: gzipSync(raw.two) }

const inFiles = (origin: string): Fetchable => {
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
const unpacked = Effect.fnUntraced(function* (origin: string, inArchive: Partial<typeof stlFiles> = {}) {
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
const into = Effect.fnUntraced(function* (also: ReadonlyArray<string> = []) {
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
const serving = (files: () => Readonly<Record<string, Uint8Array>>) =>
  serve((response, asked) => {
    const bytes = files()[asked.path.slice(1)]
    return bytes === undefined ? response.writeHead(404).end() : sendFile(response, asked, bytes)
  })

layer(services, { excludeTestServices: true })("A data set that is fetched", (it) => {
  it.effect("in an archive is downloaded once, and found and checked from then on", () =>
    Effect.gen(function* () {
      let files: Readonly<Record<string, Uint8Array>> = {}
      const { asked, origin } = yield* serving(() => files)
      const { archive, bytes, entry } = yield* packed(origin)
      files = { [archive]: bytes }
      const { folder, kinds, names, numClaims, run } = yield* into()
      for (const _ of [1, 2]) {
        const path = join(folder, archive)
        assert.deepStrictEqual(yield* run(entry), [{ state: "ok", file: archive, path, knownBy: "SHA-256" }])
        assert.deepStrictEqual([names(), asked.length, numClaims()], [[archive], 1, 1])
      }
      assert.deepStrictEqual(kinds(), ["wanted", "begun", "kept"])
      writeFileSync(join(folder, archive), Buffer.from(bytes).fill(0, 20, 30))
      yield* run(entry)
      assert.strictEqual(sha256(readFileSync(join(folder, archive))), sha256(bytes))
      assert.lengthOf(asked, 2)
    })
  )

  it.effect(
    "in several files is asked for those alone that are missing or damaged, wherever the others are",
    () =>
      Effect.gen(function* () {
        const { asked, origin } = yield* serving(() => ({ "one.gz": gz.one, "two.gz": gz.two }))
        const elsewhere = yield* placed({ one: raw.one })
        const { events, folder, names, run } = yield* into([elsewhere])
        writeFileSync(join(folder, "two.gz"), gz.one)
        const found = yield* run(inFiles(origin))
        assert.deepStrictEqual(
          found.map(({ path }) => path),
          [join(elsewhere, "one"), join(folder, "two.gz")]
        )
        assert.deepStrictEqual(
          asked.map(({ path }) => path),
          ["/two.gz"]
        )
        assert.deepStrictEqual(names(), ["two.gz"])
        assert.deepInclude(events[0], { kind: "wanted", files: ["two"] })
      })
  )

  it.effect("is not called whole where a damaged file is read before it, which is not touched", () =>
    Effect.gen(function* () {
      const { origin } = yield* serving(() => ({ "one.gz": gz.one, "two.gz": gz.two }))
      const before = yield* placed({ "one.gz": gz.two })
      const folder = yield* placed({})
      const { observe } = heard()
      const run = fetch(
        inFiles(origin),
        { folder, searchDirs: [before, folder], claim: Effect.void },
        observe
      )
      const message = yield* refusal(run, "DatasetCorrupt")
      assert.include(message, `${before}/one.gz is damaged`)
      assert.include(message, "remove the file; then run: npx moco data fetch mine")
      assert.strictEqual(sha256(readFileSync(join(before, "one.gz"))), sha256(gz.two))
    })
  )

  it.effect("is unpacked as far as it cannot be read packed, and nothing else of the archive is", () =>
    Effect.gen(function* () {
      let files: Readonly<Record<string, Uint8Array>> = {}
      const { asked, origin } = yield* serving(() => files)
      const { bytes, entry } = yield* unpacked(origin)
      files = { "mine_binary.tar.gz": bytes }
      const { folder, names, run } = yield* into()
      yield* run(entry)
      assert.deepStrictEqual(names(), ["mine_binary", "mine_binary.tar.gz", "mine_binary/unlabeled_X.bin"])
      const path = join(folder, "mine_binary", "unlabeled_X.bin")
      assert.strictEqual(sha256(readFileSync(path)), sha256(stlFiles["unlabeled_X.bin"]))
      // From the archive that is there, and not from the network.
      rmSync(path)
      yield* run(entry)
      assert.isTrue(existsSync(path))
      assert.lengthOf(asked, 1)
    })
  )

  it.effect("is not unpacked from an archive that is wrong inside, and nothing stays of that", () =>
    Effect.gen(function* () {
      let files: Readonly<Record<string, Uint8Array>> = {}
      const { origin } = yield* serving(() => files)
      for (const length of [161, 163]) {
        const { bytes, entry } = yield* unpacked(origin, { "unlabeled_X.bin": new Uint8Array(length) })
        files = { "mine_binary.tar.gz": bytes }
        const { names, run } = yield* into()
        assert.include(yield* refusal(run(entry), "DatasetInvalid"), `${length} bytes: must be 162 bytes`)
        assert.deepStrictEqual(names(), ["mine_binary", "mine_binary.tar.gz"])
      }
    })
  )
})

layer(services, { excludeTestServices: true })("A data set that is copied", (it) => {
  it.effect("is taken from a folder in whichever form it lies there, and checked as a download is", () =>
    Effect.gen(function* () {
      const { archive, bytes, entry } = yield* packed("http://127.0.0.1:9")
      const unpackedFiles = Object.fromEntries(
        Object.entries(rowFiles).map(([name, content]) => [`mine-bin/${name}`, content])
      )
      for (const [files, expected] of [
        [{ [archive]: bytes }, [archive]],
        [{ [`mine/${archive}`]: bytes, other: raw.one }, [archive]],
        [unpackedFiles, ["mine-bin", ...Object.keys(unpackedFiles)]],
        [rowFiles, ["mine-bin", ...Object.keys(unpackedFiles)]]
      ] as const) {
        const { kinds, names, run } = yield* into()
        const found = yield* run(entry, yield* placed(files))
        assert.deepStrictEqual(names(), [...expected].sort())
        assert.isTrue(found.every(({ state }) => state === "ok"))
        assert.strictEqual(kinds()[0], "wanted")
        assert.isTrue(
          kinds()
            .slice(1)
            .every((kind) => kind === "begun" || kind === "kept")
        )
      }
    })
  )

  it.effect("is taken from a file, under whatever name where it is the only one", () =>
    Effect.gen(function* () {
      const { archive, bytes, entry } = yield* packed("http://127.0.0.1:9")
      const dir = yield* placed({ "download(1).bin": bytes })
      const { names, run } = yield* into()
      yield* run(entry, join(dir, "download(1).bin"))
      assert.deepStrictEqual(names(), [archive])
    })
  )

  it.effect("of files in part is told what is missing, and keeps what was right", () =>
    Effect.gen(function* () {
      const dir = yield* placed({ "one.gz": gzipSync(raw.one, { level: 1 }) })
      const { names, run } = yield* into()
      const entry = inFiles("http://127.0.0.1:9")
      const message = yield* refusal(run(entry, dir), "DatasetMissing")
      assert.include(message, `mine: two was not found (searched: ${dir})`)
      assert.include(message, "give all of one.gz, two.gz")
      assert.deepStrictEqual(names(), ["one.gz"])
      yield* run(entry, join(yield* placed({ two: raw.two }), "two"))
      assert.deepStrictEqual(names(), ["one.gz", "two"])
    })
  )

  it.effect("is refused where it is another, is none, or is not there; nothing of it stays", () =>
    Effect.gen(function* () {
      const { archive, bytes, entry } = yield* packed("http://127.0.0.1:9")
      const damaged = Buffer.from(bytes).fill(0, 20, 30)
      const dir = yield* placed({
        [`damaged/${archive}`]: damaged,
        [`short/${archive}`]: bytes.subarray(1),
        "rows/data_batch_1.bin": rowFiles["data_batch_1.bin"].subarray(1),
        "rows/data_batch_2.bin": rowFiles["data_batch_2.bin"],
        "rows/test_batch.bin": rowFiles["test_batch.bin"]
      })
      mkdirSync(join(dir, "empty"))
      const files = inFiles("http://127.0.0.1:9")
      for (const [one, from, tag, words] of [
        [
          entry,
          `damaged/${archive}`,
          "DatasetCorrupt",
          `${archive} is damaged: its SHA-256 should be ${sha256(bytes)}`
        ],
        [entry, "damaged", "DatasetCorrupt", "nothing of it was kept; give the published file"],
        [entry, "short", "DatasetCorrupt", "is damaged: its SHA-256"],
        [
          entry,
          "rows",
          "DatasetCorrupt",
          "data_batch_1.bin is damaged: its size should be 80 bytes, it is 79 bytes"
        ],
        [
          entry,
          "empty",
          "DatasetMissing",
          `${archive} was not found (searched: ${dir}/empty, ${dir}/empty/mine)`
        ],
        [entry, "nowhere", "DatasetUnreadable", "nowhere cannot be read: ENOENT"],
        [
          files,
          `short/${archive}`,
          "DatasetInvalid",
          "is none of its files by its name\n  give one of one.gz, two.gz"
        ]
      ] as const) {
        const { names, run } = yield* into()
        assert.include(yield* refusal(run(one, join(dir, from)), tag as "DatasetCorrupt"), words)
        assert.deepStrictEqual(
          names().filter((name) => name !== "mine-bin"),
          []
        )
      }
    })
  )

  it.effect("may be in the folder that it is fetched into", () =>
    Effect.gen(function* () {
      const { archive, bytes, entry } = yield* packed("http://127.0.0.1:9")
      const { folder, names, run } = yield* into()
      writeFileSync(join(folder, "mine-binary.tar.gz.download"), bytes)
      yield* run(entry, join(folder, "mine-binary.tar.gz.download"))
      assert.deepStrictEqual(names(), [archive, "mine-binary.tar.gz.download"])
    })
  )
})

describe("What is published of a data set", () => {
  const entries = Catalog.names.map(Catalog.entryOf)
  const fetchable = entries.filter((entry): entry is Fetchable => entry.place.kind === "installed")

  it("is at encrypted addresses, whole and known by SHA-256", () => {
    assert.lengthOf(fetchable, entries.length - 1)
    for (const { place } of fetchable) {
      assert.isNotEmpty(place.downloads)
      for (const { addresses, digest, name, numBytes } of place.downloads) {
        assert.isAbove(numBytes, 4000)
        assert.match(`${digest.algorithm} ${digest.hex}`, /^SHA-256 [0-9a-f]{64}$/)
        for (const address of addresses) {
          const { hash, href, password, protocol, search } = new URL(address)
          assert.deepStrictEqual([href, protocol, password, hash, search], [address, "https:", "", "", ""])
          assert.isTrue(address.endsWith(`/${name}`), address)
        }
      }
    }
  })

  it("is what is looked for: every download is a file of the set, or unpacked into one", () => {
    for (const { files, name, place } of fetchable) {
      for (const { digest, name: file } of place.downloads) {
        const known = files.find((one) => one.name === file)
        if (place.unpacked === undefined) assert.isDefined(known, `${name}: ${file}`)
        if (known?.digest !== undefined) assert.deepStrictEqual(known.digest, digest)
      }
      for (const part of place.unpacked?.parts ?? [])
        assert.isDefined(files.find((one) => one.name === part)?.digest)
      assert.strictEqual(new Set(files.map((one) => one.name)).size, files.length, name)
    }
  })

  it("is fetched by a command that the error of a missing data set begins with", () => {
    for (const { name } of fetchable) {
      assert.include(
        Catalog.installHint(name as Catalog.CatalogName),
        `install it with: npx moco data fetch ${name}\n`
      )
    }
  })
})
