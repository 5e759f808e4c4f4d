import { Effect, FileSystem, Option } from "effect"
import * as PlatformError from "effect/PlatformError"

/**
 * Holds on to what is at `path` until the Scope closes, and gives an effect that fails where `path` no longer leads to
 * it: it was removed, moved away, or something else has its name. While it is held, its number is given to nothing else.
 */
export const hold = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const handle = yield* fileSystem.open(path, { flag: "r" })
  return yield* sameAs(path, handle)
})

/** The same for what was opened at `path` already. The effect gives what the system says of it now. */
export const sameAs = Effect.fnUntraced(function* (path: string, handle: FileSystem.File) {
  const fileSystem = yield* FileSystem.FileSystem
  const held = yield* handle.stat
  return Effect.gen(function* () {
    const found = yield* Effect.catchIf(
      Effect.asSome(fileSystem.stat(path)),
      ({ reason }) => reason._tag === "NotFound",
      () => Effect.succeedNone
    )
    if (Option.isNone(found) || identityOf(found.value) !== identityOf(held)) {
      return yield* Effect.fail(gone(path))
    }
    return found.value
  })
})

const identityOf = ({ dev, ino }: FileSystem.File.Info) => `${dev}:${Option.getOrElse(ino, () => 0)}`

/** What a network file system says of a file that was removed elsewhere. */
const gone = (path: string) =>
  PlatformError.systemError({
    _tag: "NotFound",
    module: "FileSystem",
    method: "stat",
    pathOrDescriptor: path,
    cause: Object.assign(new Error("ESTALE"), { code: "ESTALE" })
  })
