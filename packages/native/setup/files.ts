import { Effect, FileSystem, Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { makeCacheFolder, troubleOf } from "../src/CacheFolder.ts"
import * as PlainFile from "../src/PlainFile.ts"
import { CacheUnsafe, FileTrouble } from "./SetUpError.ts"

const checkPermissions = "check the permissions, or choose another cache with MOCO_CACHE_DIR"

/** Says which file is in the way, in place of the platform's own error. */
export const fileTrouble = <A, R>(
  effect: Effect.Effect<A, PlatformError, R>,
  hint = checkPermissions
): Effect.Effect<A, FileTrouble, R> =>
  Effect.mapError(effect, (error) => new FileTrouble({ problem: error.message, hint }))

/** What Node's own functions do with files, and throw, as an effect. */
export const filesBy = <A>(use: () => A, hint = checkPermissions): Effect.Effect<A, FileTrouble> =>
  Effect.try({
    try: use,
    catch: (cause) =>
      new FileTrouble({ problem: cause instanceof Error ? cause.message : String(cause), hint })
  })

/** The bytes of a regular file. */
export const readBytes = (path: string, maxBytes: number, hint?: string) =>
  filesBy(() => PlainFile.readBytes(path, maxBytes), hint)

/** Writes a file as a whole or not at all. */
export const replace = (path: string, content: string | Uint8Array) =>
  filesBy(() => PlainFile.replace(path, content))

/** Makes the cache where there is none; refuses one to which somebody else can write, before anything of it is used. */
export const requireOwnCache = Effect.fnUntraced(function* (cacheDir: string) {
  yield* filesBy(() => makeCacheFolder(cacheDir))
  const trouble = yield* filesBy(() => troubleOf(cacheDir))
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

/** Puts a finished folder or file under its final name. */
export const publish = Effect.fnUntraced(function* (from: string, to: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fileTrouble(fs.makeDirectory(path.dirname(to), { recursive: true }))
  yield* fileTrouble(fs.rename(from, to))
})
