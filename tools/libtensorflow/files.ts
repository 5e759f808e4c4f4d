import { isAlive, startOf } from "@moco/train/ProcessIdentity"
import { Effect, FileSystem, Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { FileTrouble } from "./SetUpError.ts"

/** Says which file is in the way, in place of the platform's own error. */
export const fileTrouble = <A, R>(
  effect: Effect.Effect<A, PlatformError, R>,
  hint = "check the permissions, or choose another cache with MOCO_CACHE_DIR"
): Effect.Effect<A, FileTrouble, R> =>
  Effect.mapError(effect, (error) => new FileTrouble({ problem: error.message, hint }))

/**
 * A folder beside the things it will become, named after this process. It is removed with the Scope; what processes
 * that were killed have left behind is removed here.
 */
export const stagingDir = Effect.fnUntraced(function* (cacheDir: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fileTrouble(fs.makeDirectory(cacheDir, { recursive: true }))
  for (const name of yield* fileTrouble(fs.readDirectory(cacheDir))) {
    const [, pid, start] = /^\.staging-(\d+)-(\d*)$/.exec(name) ?? []
    if (pid === undefined || (yield* isAlive(Number(pid), start ?? ""))) continue
    yield* Effect.ignore(fs.remove(path.join(cacheDir, name), { recursive: true }))
  }
  const dir = path.join(cacheDir, `.staging-${process.pid}-${yield* startOf(process.pid)}`)
  return yield* Effect.acquireRelease(
    Effect.as(fileTrouble(fs.makeDirectory(dir, { recursive: true })), dir),
    () => Effect.ignore(fs.remove(dir, { recursive: true }))
  )
})

/** Puts a finished folder or file under its final name; if another process was faster, its work is as good. */
export const publish = Effect.fnUntraced(function* (from: string, to: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fileTrouble(fs.makeDirectory(path.dirname(to), { recursive: true }))
  yield* fileTrouble(fs.rename(from, to))
})
