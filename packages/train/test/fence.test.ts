import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { fence } from "@moco/train/FolderLock/fence"
import { Effect, FileSystem } from "effect"
import * as PlatformError from "effect/PlatformError"

/** What leaves a disk as it is; `open` is told apart by its flag, and `sink` opens. */
const reads = new Set([
  ...["access", "exists", "glob", "lstat", "open", "readDirectory", "readDirectoryEntries", "readFile"],
  ...["readFileString", "readLink", "realPath", "sink", "stat", "stream", "watch"]
])

const lost = PlatformError.systemError({
  _tag: "Unknown",
  module: "lock",
  method: "check",
  description: "lost"
})

describe("a file system behind a lock that is lost", () => {
  it.effect("refuses every call that would change something, a new one too", () =>
    Effect.gen(function* () {
      const real = yield* FileSystem.FileSystem
      const fenced = fence(real, Effect.fail(lost)) as unknown as Readonly<
        Record<string, (...args: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>>
      >
      const changing = Object.keys(real).filter((name) => !reads.has(name) && !name.startsWith("~"))
      assert.includeMembers(changing, ["writeFile", "rename", "remove", "utimes", "writeFileString"])
      for (const name of changing) {
        const error = yield* Effect.flip(Effect.scoped(fenced[name]!("/nowhere/at-all", "/nowhere/else")))
        assert.include(String(error), "lost", name)
      }
      for (const flag of ["w", "a", "r+"] as const) {
        const error = yield* Effect.flip(
          Effect.scoped((fenced as unknown as FileSystem.FileSystem).open("/nowhere/x", { flag }))
        )
        assert.include(String(error), "lost", flag)
      }
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
