import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { fetch } from "@moco/data/Fetch"
import { Effect } from "effect"
import { placed } from "../published/archives.ts"
import { refusal } from "../published/refusal.ts"
import { stlFiles } from "../published/small.ts"
import { gz, inFiles, into, packed, raw, services, serving, unpacked } from "./dataSets.ts"
import { heard, sha256 } from "./server.ts"

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
