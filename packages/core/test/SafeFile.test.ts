import { execFileSync } from "node:child_process"
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as SafeFile from "@moco/core/SafeFile"
import * as Plain from "@moco/native/PlainFile"
import { Effect, type FileSystem, type Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { onTestFinished } from "vitest"

const freshFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "moco-file-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const reasonOf = <A>(effect: Effect.Effect<A, unknown, FileSystem.FileSystem | Path.Path>) =>
  Effect.map(Effect.flip(effect), (error) => {
    const cause = (error as { readonly reason: { readonly cause?: unknown } }).reason.cause
    return cause instanceof SafeFile.FileRefused ? cause.reason : String(cause)
  })

/** Everything that is no regular file, by what it is called; the first five can be made by anybody. */
const strange: Readonly<Record<string, (path: string) => unknown>> = {
  "a pipe": (path) => execFileSync("mkfifo", [path]),
  "a folder": (path) => mkdirSync(path),
  "a socket": (path) =>
    new Promise<void>((resolve) => {
      const server = createServer().listen(path, resolve)
      onTestFinished(() => void server.close())
    }),
  "a device, by a link": (path) => symlinkSync("/dev/zero", path),
  "a pipe, by a link": (path) => {
    execFileSync("mkfifo", [`${path}.pipe`])
    symlinkSync(`${path}.pipe`, path)
  }
}

const read = (path: string) => SafeFile.readBytes(path, { maxBytes: 100 })
const bytes = Uint8Array.of(1, 2, 3)

/** Every way in which a file is written. */
const writers: Readonly<
  Record<string, (path: string) => Effect.Effect<unknown, unknown, FileSystem.FileSystem>>
> = {
  create: (path) => SafeFile.create(path, bytes),
  replace: (path) => SafeFile.replace(path, bytes),
  "replace, plainly": (path) =>
    Effect.try({ try: () => Plain.replace(path, bytes), catch: (cause) => cause as PlatformError }),
  openToAppend: (path) =>
    Effect.scoped(Effect.flatMap(SafeFile.openToAppend(path), (file) => file.writeAll(bytes))),
  cut: (path) => SafeFile.cut(path, 1)
}

const live = (
  title: string,
  test: (folder: string) => Effect.Effect<void, unknown, FileSystem.FileSystem | Path.Path>
) =>
  it.live(title, () =>
    Effect.provide(
      Effect.suspend(() => test(freshFolder())),
      NodeServices.layer
    )
  )

describe("a file that is read", () => {
  for (const [name, make] of Object.entries(strange)) {
    live(`is refused at once where it is ${name}`, (folder) =>
      Effect.gen(function* () {
        const path = join(folder, "file")
        yield* Effect.promise(async () => make(path))
        assert.match(yield* reasonOf(read(path)), /regular file|a folder and not a file/)
        assert.match(yield* reasonOf(SafeFile.readTail(path, { maxBytes: 1 })), /regular|folder/)
        assert.throws(() => Plain.readBytes(path, 100))
      })
    )
  }

  live("is refused where it is larger than is read at most, without being read", (folder) =>
    Effect.gen(function* () {
      const path = join(folder, "file")
      writeFileSync(path, "")
      // A terabyte that takes no room.
      truncateSync(path, 2 ** 40)
      assert.include(yield* reasonOf(read(path)), "it has 1099511627776 bytes, and 100 are read at most")
      assert.throws(() => Plain.readBytes(path, 100), "are read at most")
      const { bytes, start } = yield* SafeFile.readTail(path, { maxBytes: 10 })
      assert.deepStrictEqual([bytes.length, start], [10, 2 ** 40 - 10])
    })
  )

  live("may be reached by a link, and says what is in it", (folder) =>
    Effect.gen(function* () {
      writeFileSync(join(folder, "there"), "text")
      symlinkSync("there", join(folder, "here"))
      assert.strictEqual(yield* SafeFile.readText(join(folder, "here"), { maxBytes: 4 }), "text")
      // Of a length that is not told: nothing is read that could go on for ever.
      assert.strictEqual((yield* read("/proc/self/status")).length, 0)
    })
  )
})

describe("a file that is written", () => {
  for (const [name, write] of Object.entries(writers)) {
    live(`is never reached through a link, by ${name}`, (folder) =>
      Effect.gen(function* () {
        writeFileSync(join(folder, "mine"), "mine")
        symlinkSync(join(folder, "mine"), join(folder, "link"))
        symlinkSync(join(folder, "nothing"), join(folder, "dangling"))
        for (const link of ["link", "dangling"]) yield* Effect.flip(write(join(folder, link)))
        assert.strictEqual(readFileSync(join(folder, "mine"), "utf8"), "mine")
        assert.deepStrictEqual(readdirSync(folder).sort(), ["dangling", "link", "mine"])
      })
    )

    live(`leaves its other names what they had, by ${name}`, (folder) =>
      Effect.gen(function* () {
        writeFileSync(join(folder, "mine"), "mine")
        linkSync(join(folder, "mine"), join(folder, "other"))
        yield* Effect.ignore(write(join(folder, "other")))
        assert.strictEqual(readFileSync(join(folder, "mine"), "utf8"), "mine")
      })
    )

    live(`never takes the place of a pipe or a device, by ${name}`, (folder) =>
      Effect.gen(function* () {
        execFileSync("mkfifo", [join(folder, "pipe")])
        yield* Effect.flip(write(join(folder, "pipe")))
        yield* Effect.flip(write("/dev/null"))
        assert.isTrue(statSync(join(folder, "pipe")).isFIFO())
        assert.isTrue(statSync("/dev/null").isCharacterDevice())
      })
    )
  }

  live("grows behind what it had, also where that had another name", (folder) =>
    Effect.gen(function* () {
      writeFileSync(join(folder, "mine"), "mine", { mode: 0o640 })
      linkSync(join(folder, "mine"), join(folder, "other"))
      yield* writers["openToAppend"]!(join(folder, "other"))
      assert.strictEqual(readFileSync(join(folder, "other"), "latin1"), "mine\x01\x02\x03")
      assert.strictEqual(statSync(join(folder, "other")).mode & 0o777, 0o640)
      yield* SafeFile.cut(join(folder, "other"), 2)
      assert.strictEqual(readFileSync(join(folder, "other"), "latin1"), "mi")
    })
  )

  live("leaves no draft behind, and what killed processes have left is removed", (folder) =>
    Effect.gen(function* () {
      yield* writers["replace"]!(join(folder, "a"))
      yield* writers["replace, plainly"]!(join(folder, "a"))
      for (const name of ["a.0123456789ab.tmp", "b.0123456789ab.tmp", "a.tmp"])
        writeFileSync(join(folder, name), "")
      yield* SafeFile.removeDrafts(folder, ["a"])
      assert.deepStrictEqual(readdirSync(folder).sort(), ["a", "a.tmp", "b.0123456789ab.tmp"])
    })
  )

  live("lies in folders that are made one below the other, or are not, and that ends", (folder) =>
    Effect.gen(function* () {
      const deep = join(folder, "a", "b", "c")
      const together = Array.from({ length: 9 }, () => SafeFile.makeFolders(deep))
      yield* Effect.all(together, { concurrency: "unbounded" })
      yield* SafeFile.makeFolders(deep)
      assert.isTrue(statSync(deep).isDirectory())
      writeFileSync(join(deep, "file"), "")
      assert.include(yield* reasonOf(SafeFile.makeFolders(join(deep, "file"))), "EEXIST")
      assert.include(yield* reasonOf(SafeFile.makeFolders(join(deep, "file", "below"))), "ENOTDIR")
      assert.include(yield* reasonOf(SafeFile.makeFolders("/proc/moco/below")), "ENOENT")
    })
  )

  live("lies in a folder that is none by a link", (folder) =>
    Effect.gen(function* () {
      symlinkSync("/tmp", join(folder, "link"))
      assert.include(
        yield* reasonOf(SafeFile.makeFolder(join(folder, "link"))),
        "it is a link and not a folder"
      )
      assert.isTrue(yield* SafeFile.makeFolder(join(folder, "new")))
      const together = Array.from({ length: 9 }, () => SafeFile.makeFolder(join(folder, "by many")))
      const made = yield* Effect.all(together, { concurrency: "unbounded" })
      assert.strictEqual(made.filter(Boolean).length, 1)
      assert.isFalse(yield* SafeFile.makeFolder(join(folder, "new")))
    })
  )
})
