import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { placed } from "../published/archives.ts"
import { refusal } from "../published/refusal.ts"
import { rowFiles } from "../published/small.ts"
import { inFiles, into, packed, raw, services } from "./dataSets.ts"
import { sha256 } from "./server.ts"

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
