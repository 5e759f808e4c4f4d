import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as PlatformError from "effect/PlatformError"
import { refusal } from "../published/refusal.ts"
import { assertWhole, bytes, fetching, services } from "./fetching.ts"
import { sendFile, sha256 } from "./server.ts"

/** A file system whose disk is full at one call that writes, and at no other. */
const fullAt = (
  real: FileSystem.FileSystem,
  calls: { count: number },
  failAt: number
): FileSystem.FileSystem => {
  const full = PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "write",
    description: "no space left on device"
  })
  const guarded = <A, E, R>(
    call: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | PlatformError.PlatformError, R> =>
    Effect.suspend(
      (): Effect.Effect<A, E | PlatformError.PlatformError, R> =>
        calls.count++ === failAt ? Effect.fail(full) : call
    )
  return FileSystem.make({
    ...real,
    rename: (from, to) => guarded(real.rename(from, to)),
    open: (path, options) =>
      (options?.flag ?? "r") === "r"
        ? real.open(path, options)
        : Effect.map(guarded(real.open(path, options)), (file) => ({
            ...file,
            get stat() {
              return file.stat
            },
            truncate: (length) => guarded(file.truncate(length)),
            writeAll: (buffer) => guarded(file.writeAll(buffer)),
            get sync() {
              return guarded(file.sync)
            }
          }))
  })
}

layer(services, { excludeTestServices: true })("The folder that is fetched into", (it) => {
  it.effect(
    "is asked for nothing where something else has the file's name, and nothing of that is changed",
    () =>
      Effect.gen(function* () {
        for (const name of ["mine.tar.gz", "mine.tar.gz.part", "mine.tar.gz.part.json"]) {
          for (const put of [
            (path: string) => mkdirSync(path),
            (path: string) => symlinkSync(join(path, "../mine"), path)
          ]) {
            const fetched = yield* fetching((response, asked) => sendFile(response, asked, bytes))
            writeFileSync(join(fetched.dir, "mine"), "mine")
            put(join(fetched.dir, name))
            const error = yield* Effect.flip(fetched.run)
            assert.strictEqual(error._tag, "PlatformError")
            assert.include(error.message, join(fetched.dir, name))
            assert.deepStrictEqual(fetched.asked, [])
            assert.strictEqual(readFileSync(join(fetched.dir, "mine"), "utf8"), "mine")
          }
        }
      })
  )

  it.effect("may have an old file of the name, which is there until the new one is whole", () =>
    Effect.gen(function* () {
      let isWell = false
      const fetched = yield* fetching((response, asked) =>
        isWell ? sendFile(response, asked, bytes) : response.writeHead(404).end()
      )
      writeFileSync(fetched.target, "old")
      yield* refusal(fetched.run, "FetchFailed")
      assert.strictEqual(readFileSync(fetched.target, "utf8"), "old")
      isWell = true
      yield* fetched.run
      assertWhole(fetched)
    })
  )

  it.effect("may be full, at any call: no file has the name then, and the next fetch succeeds", () =>
    Effect.gen(function* () {
      const real = yield* FileSystem.FileSystem
      let numFailed = 0
      for (let failAt = 0; ; failAt++) {
        const fetched = yield* fetching((response, asked) => sendFile(response, asked, bytes))
        const calls = { count: 0 }
        const exit = yield* Effect.exit(
          Effect.provideService(fetched.run, FileSystem.FileSystem, fullAt(real, calls, failAt))
        )
        if (calls.count <= failAt) break
        if (exit._tag === "Failure") {
          numFailed += 1
          assert.include(String(exit.cause), "no space left")
          assert.isFalse(existsSync(fetched.target) && sha256(readFileSync(fetched.target)) !== sha256(bytes))
        }
        yield* fetched.run
        assertWhole(fetched)
      }
      assert.isAbove(numFailed, 4)
    })
  )
})
