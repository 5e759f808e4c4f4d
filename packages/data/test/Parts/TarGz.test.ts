import { createHash } from "node:crypto"
import { gunzipSync, gzipSync } from "node:zlib"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import { partOf } from "@moco/data/Parts"
import { type Archive, readParts } from "@moco/data/Parts/TarGz"
import { Effect, FileSystem, Result } from "effect"
import * as Tar from "effect/encoding/Tar"
import fc from "fast-check"
import { folderArchive, placed, tarGz, whereabouts } from "../published/archives.ts"
import { refusal } from "../published/refusal.ts"

const bytes = Uint8Array.from({ length: 700 }, (_, at) => at % 256)
const other = Uint8Array.of(1, 2, 3)
const archive: Archive = { folder: "mine", parts: [partOf("a.bin", 700), partOf("b.bin", 3)] }
const whole = folderArchive("mine", { "a.bin": bytes, "b.bin": other })

const read = Effect.fnUntraced(function* (
  stored: Uint8Array,
  wanted: ReadonlyArray<string> = ["a.bin"],
  of: Archive = archive
) {
  const dir = yield* placed({ "x.tar.gz": stored })
  return yield* readParts(`${dir}/x.tar.gz`, of, wanted, whereabouts(dir))
})

const readEntries = (...entries: ReadonlyArray<Tar.Entry>) =>
  Effect.flatMap(tarGz(entries), (file) => read(file))

layer(NodeServices.layer)("an archive", (it) => {
  it.effect("gives the parts that are wanted, and its SHA-256", () =>
    Effect.gen(function* () {
      const stored = yield* whole
      const { bytes: parts, sha256 } = yield* read(stored, ["b.bin", "a.bin"])
      assert.deepStrictEqual([...parts].sort(), [
        ["a.bin", bytes],
        ["b.bin", other]
      ])
      assert.strictEqual(sha256, createHash("sha256").update(stored).digest("hex"))
      assert.deepStrictEqual([...(yield* read(stored, ["b.bin"])).bytes.keys()], ["b.bin"])
    })
  )

  it.effect("may name its files from where it was made", () =>
    Effect.gen(function* () {
      const { bytes: parts } = yield* readEntries(Tar.file("./mine/a.bin", bytes))
      assert.deepStrictEqual(parts.get("a.bin"), bytes)
    })
  )

  it.effect("is the published one by its MD5 or its SHA-256, or is refused", () =>
    Effect.gen(function* () {
      const stored = yield* whole
      for (const [algorithm, node] of [
        ["MD5", "md5"],
        ["SHA-256", "sha256"]
      ] as const) {
        const hex = createHash(node).update(stored).digest("hex")
        const { bytes: parts } = yield* read(stored, ["a.bin"], { ...archive, digest: { algorithm, hex } })
        assert.deepStrictEqual(parts.get("a.bin"), bytes)
        const digest = { algorithm, hex: hex.replace(/^./, (first) => (first === "0" ? "1" : "0")) }
        const told = yield* refusal(read(stored, ["a.bin"], { ...archive, digest }), "DatasetCorrupt")
        assert.include(told, `x.tar.gz is damaged: its ${algorithm} should be ${digest.hex}, it is ${hex}`)
      }
    })
  )

  it.effect("is refused wherever it ends too early", () =>
    Effect.gen(function* () {
      const stored = yield* whole
      for (let end = 0; end < stored.length; end++) {
        const told = yield* refusal(read(stored.subarray(0, end)))
        assert.match(told, /gzip: unexpected end of file|must be a file of 700 bytes/)
      }
    })
  )

  const wrong: ReadonlyArray<readonly [what: string, entries: ReadonlyArray<Tar.Entry>, words: string]> = [
    [
      "without a part",
      [Tar.file("mine/b.bin", other)],
      "mine/a.bin in DIR/x.tar.gz = nothing: must be a file of 700 bytes"
    ],
    [
      "with a part that leads elsewhere",
      [
        Tar.file("mine/../mine/a.bin", bytes),
        Tar.file("/mine/a.bin", bytes),
        Tar.file("../mine/a.bin", bytes)
      ],
      "mine/a.bin in DIR/x.tar.gz = nothing: must be a file of 700 bytes"
    ],
    [
      "with a link for a part",
      [Tar.symlink("mine/a.bin", "/etc/passwd")],
      "mine/a.bin in DIR/x.tar.gz = Symlink: must be a file, and no link is followed"
    ],
    [
      "with a hard link for a part",
      [Tar.file("mine/b.bin", other), Tar.hardlink("mine/a.bin", "mine/b.bin")],
      "mine/a.bin in DIR/x.tar.gz = Hardlink: must be a file, and no link is followed"
    ],
    [
      "with a part that is too short",
      [Tar.file("mine/a.bin", bytes.subarray(1))],
      "mine/a.bin in DIR/x.tar.gz = 699 bytes: must be 700 bytes"
    ],
    [
      "with a part that is too long",
      [Tar.file("mine/a.bin", Buffer.concat([bytes, other]))],
      "mine/a.bin in DIR/x.tar.gz = 703 bytes: must be 700 bytes"
    ],
    [
      "with a part that is there twice",
      [Tar.file("mine/a.bin", bytes), Tar.file("mine/a.bin", bytes)],
      "mine/a.bin in DIR/x.tar.gz = two files: must be there once"
    ],
    [
      "of more files than belong into it",
      Array.from({ length: 101 }, (_, number) => Tar.file(`mine/${number}`, other)),
      "DIR/x.tar.gz = an archive: unpacks to more than belongs into it"
    ],
    [
      "of a large file that does not belong into it",
      [Tar.file("mine/a.bin", bytes), Tar.file("mine/c.bin", new Uint8Array(2 ** 23))],
      "DIR/x.tar.gz = an archive: unpacks to more than belongs into it"
    ]
  ]
  for (const [what, entries, words] of wrong) {
    it.effect(`${what} is refused`, () =>
      Effect.gen(function* () {
        const told = yield* refusal(readEntries(...entries))
        assert.include(told.replace(/(^|[ :])\/\S*(?=\/x\.tar\.gz)/, "$1DIR"), words)
        assert.include(told, "\n  replace it by a fresh copy; install it with: a command")
      })
    )
  }

  it.effect("passes over what leads elsewhere beside its parts, and writes nothing", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const stored = yield* tarGz([
        Tar.file("../x", other),
        Tar.symlink("mine/y", "/"),
        Tar.file("mine/y/tmp/z", other),
        Tar.file("mine/a.bin", bytes)
      ])
      const dir = yield* placed({ "in/x.tar.gz": stored })
      const { bytes: parts } = yield* readParts(`${dir}/in/x.tar.gz`, archive, ["a.bin"], whereabouts(dir))
      assert.deepStrictEqual(parts.get("a.bin"), bytes)
      assert.deepStrictEqual(yield* fileSystem.readDirectory(dir, { recursive: true }), ["in", "in/x.tar.gz"])
    })
  )

  it.effect("that grows without end is refused when it has grown too large", () =>
    Effect.gen(function* () {
      // 64 MB of zeros, which end a tar archive, in 62 kB.
      const bomb = gzipSync(new Uint8Array(2 ** 26))
      const told = yield* refusal(read(bomb))
      assert.include(told, "an archive: unpacks to more than belongs into it")
    })
  )

  it.effect("is refused where it is no gzip, or no tar", () =>
    Effect.gen(function* () {
      assert.include(yield* refusal(read(bytes)), "an archive: gzip: incorrect header check")
      assert.include(
        yield* refusal(read(gzipSync(bytes))),
        "an archive: tar: invalid octal number in the header"
      )
    })
  )

  it.effect("that cannot be read is told as such", () =>
    Effect.gen(function* () {
      const dir = yield* placed({})
      const told = yield* refusal(readParts(dir, archive, ["a.bin"], whereabouts(dir)), "DatasetUnreadable")
      assert.include(told, `${dir} cannot be read: it is a folder and not a file`)
    })
  )

  it.effect(
    "of changed bytes always gives the parts or a typed error, changed before it was packed or after",
    () =>
      Effect.gen(function* () {
        const stored = yield* whole
        const tar = gunzipSync(stored)
        const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
        const damage = (bytes: Uint8Array, changed: ReadonlyArray<readonly [number, number]>) => {
          const damaged = Uint8Array.from(bytes)
          for (const [at, value] of changed) damaged[at % damaged.length] = value
          return damaged
        }
        const damagedArchive = fc.oneof(
          changes.map((changed) => gzipSync(damage(tar, changed))),
          // Headers alone: most of a tar is zeros.
          changes.map((changed) =>
            gzipSync(
              damage(
                tar,
                changed.map(([at, value]) => [512 * (at % 8) + ((at >> 3) % 345), value])
              )
            )
          ),
          changes.map((changed) => damage(stored, changed)),
          fc.nat(tar.length - 1).map((end) => gzipSync(tar.subarray(0, end)))
        )
        yield* Property.check(
          damagedArchive,
          Effect.fnUntraced(function* (damaged) {
            const result = yield* Effect.result(read(damaged))
            if (Result.isSuccess(result)) {
              assert.strictEqual(result.success.bytes.get("a.bin")?.length, 700)
            } else {
              assert.strictEqual(result.failure._tag, "DatasetInvalid")
            }
          }),
          { numRuns: 400 }
        )
      })
  )
})
