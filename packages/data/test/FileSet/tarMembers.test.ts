import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import { listMembers } from "@moco/data/FileSet/tar/members"
import { Effect, type FileSystem, type Path, type Scope, Stream } from "effect"
import * as Tar from "effect/encoding/Tar"
import fc from "fast-check"
import { folderOf } from "./imageFiles.ts"
import { type MadeMember, paxRecord, tarMember, tarOf } from "./tarFiles.ts"

const test = <E>(body: Effect.Effect<void, E, FileSystem.FileSystem | Path.Path | Scope.Scope>) =>
  body.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const image = (name: string): MadeMember => ({ name, content: "an image" })
const none = { wants: () => false, take: () => {} }

describe("tar.listMembers", () => {
  const files = fc.uniqueArray(
    fc.record({
      name: fc
        .array(fc.stringMatching(/^[a-zA-Z0-9 äß]{1,60}$/), { minLength: 1, maxLength: 4 })
        .map((parts) => `${parts.join("/")}.png`),
      content: fc.uint8Array({ maxLength: 1500 })
    }),
    { minLength: 1, maxLength: 8, selector: ({ name }) => name }
  )

  it.effect("always finds the files of an archive that another writer has made, where their bytes are", () =>
    test(
      Effect.gen(function* () {
        const folder = yield* folderOf({})
        yield* Property.check(files, (made) =>
          Effect.gen(function* () {
            const entries = made.map(({ content, name }) => Tar.file(name, content))
            const chunks = yield* Stream.runCollect(
              Stream.pipeThroughChannelOrFail(Stream.fromIterable(entries), Tar.encode())
            )
            const archive = Buffer.concat(chunks)
            writeFileSync(join(folder, "x.tar"), archive)
            const members = yield* listMembers(join(folder, "x.tar"), none)
            const found = members.files.map(({ name, offset, size }) => ({
              name,
              content: Uint8Array.from(archive.subarray(offset, offset + size))
            }))
            assert.deepStrictEqual(found, made)
          })
        )
      })
    )
  )

  it.effect("never takes an archive that was cut anywhere for whole", () =>
    test(
      Effect.gen(function* () {
        const folder = yield* folderOf({})
        const path = join(folder, "x.tar")
        const whole = tarOf(image("a.png"), image("b.png"))
        yield* Property.check(fc.nat(whole.length - 1024), (length) =>
          Effect.gen(function* () {
            writeFileSync(path, whole.subarray(0, length))
            const { message } = yield* Effect.flip(listMembers(path, none))
            assert.include(message, "cut off")
            assert.include(message, `data set ${path}: byte ${length} = the end of the file`)
          })
        )
      })
    )
  )

  it.effect("goes by what pax and GNU say of long names and of sizes", () =>
    test(
      Effect.gen(function* () {
        const long = `${"d".repeat(90)}/${"f".repeat(90)}.png`
        const inBase256 = `\u0080${"\0".repeat(10)}\u0003`
        const path = join(
          yield* folderOf({
            "x.tar": tarOf(
              { name: "PaxHeader", type: "x", content: paxRecord("path", long) + paxRecord("size", "4") },
              { name: "short", content: "pax!", size: "00000000007\0" },
              { name: "././@LongLink", type: "L", content: `${long}\0` },
              { name: "short", content: "gnu" },
              { name: "name.png", prefix: "of/a/prefix", content: "us" },
              { name: "large.png", content: "256", size: inBase256 },
              { name: "GlobalHead", type: "g", content: paxRecord("path", "of/all") },
              { name: "\u00e4.png", content: "old", isSigned: true }
            )
          }),
          "x.tar"
        )
        const { files, numOther } = yield* listMembers(path, none)
        assert.strictEqual(numOther, 0)
        assert.deepStrictEqual(
          files.map(({ name, size }) => [name, size]),
          [
            [long, 4],
            [long, 3],
            ["of/a/prefix/name.png", 2],
            ["large.png", 3],
            ["\u00e4.png", 3]
          ]
        )
      })
    )
  )

  const bad: ReadonlyArray<readonly [words: string, archive: Uint8Array]> = [
    [
      "byte 512 = another checksum: must be the header of a member",
      Buffer.concat([tarMember({ name: "a" }), tarMember({ name: "b", checksum: "000001\0 " })])
    ],
    ["byte 0 = no size: must be the size of a member", tarMember({ name: "a", size: "12345678x90\0" })],
    ["must not come within huge.png: it was cut off", tarMember({ name: "huge.png", size: "77777777777\0" })],
    ["a file with holes: is not read", tarOf({ name: "a.png", type: "S" })],
    [
      "a line at byte 0 of it: must be a line of a pax header",
      tarOf({ name: "p", type: "x", content: "99 path=x\n" })
    ],
    [
      "no size: must be the size of a member, in digits",
      tarOf({ name: "p", type: "x", content: paxRecord("size", "-1") })
    ],
    [
      "bytes behind the end of the archive: must be zeros",
      Buffer.concat([tarOf(image("a.png")), tarOf(image("b.png"))])
    ]
  ]
  for (const [words, archive] of bad) {
    it.effect(`is told of: ${words}`, () =>
      test(
        Effect.gen(function* () {
          const path = join(yield* folderOf({ "x.tar": archive }), "x.tar")
          assert.include((yield* Effect.flip(listMembers(path, none))).message, words)
        })
      )
    )
  }
})
