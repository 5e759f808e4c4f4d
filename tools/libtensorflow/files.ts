import { makeCacheFolder, troubleOf } from "@moco/core/CacheFolder"
import { noCacheDir } from "@moco/core/cacheDir"
import { Effect, FileSystem, Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { CacheUnsafe, FileTrouble } from "./SetUpError.ts"

/** Says which file is in the way, in place of the platform's own error. */
export const fileTrouble = <A, R>(
  effect: Effect.Effect<A, PlatformError, R>,
  hint = "check the permissions, or choose another cache with MOCO_CACHE_DIR"
): Effect.Effect<A, FileTrouble, R> =>
  Effect.mapError(effect, (error) => new FileTrouble({ problem: error.message, hint }))

/** Makes the cache where there is none; refuses one to which somebody else can write, before anything of it is used. */
export const requireOwnCache = Effect.fnUntraced(function* (cacheDir: string) {
  if (cacheDir === "") return yield* new CacheUnsafe(noCacheDir)
  const trouble = yield* Effect.try({
    try: () => {
      makeCacheFolder(cacheDir)
      return troubleOf(cacheDir)
    },
    catch: (cause) =>
      new FileTrouble({
        problem: String(cause),
        hint: "check the permissions, or choose another cache with MOCO_CACHE_DIR"
      })
  })
  if (trouble !== undefined) return yield* new CacheUnsafe(trouble)
})

/**
 * A folder beside the things it will become. It is removed with the Scope; what processes that were killed have left
 * behind is removed here. Only for who holds the lock of the library `id`.
 */
export const stagingDir = Effect.fnUntraced(function* (cacheDir: string, id: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const prefix = `.staging-${id}-`
  for (const name of yield* fileTrouble(fs.readDirectory(cacheDir))) {
    if (name.startsWith(prefix))
      yield* Effect.ignore(fs.remove(path.join(cacheDir, name), { recursive: true }))
  }
  return yield* Effect.acquireRelease(
    fileTrouble(fs.makeTempDirectory({ directory: cacheDir, prefix })),
    (dir) => Effect.ignore(fs.remove(dir, { recursive: true }))
  )
})

/** Puts a finished folder or file under its final name; if another process was faster, its work is as good. */
export const publish = Effect.fnUntraced(function* (from: string, to: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fileTrouble(fs.makeDirectory(path.dirname(to), { recursive: true }))
  yield* fileTrouble(fs.rename(from, to))
})
