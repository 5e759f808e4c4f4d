import { Effect, FileSystem } from "effect"
import type { PlatformError } from "effect/PlatformError"

type Check = Effect.Effect<void, PlatformError>

/**
 * A file system that asks `check` before every call that would change something, and fails as it fails. So nothing that
 * writes has to remember to ask.
 */
export const fence = (real: FileSystem.FileSystem, check: Check): FileSystem.FileSystem => {
  const guard =
    <Args extends ReadonlyArray<unknown>, A, R>(
      call: (...args: Args) => Effect.Effect<A, PlatformError, R>
    ) =>
    (...args: Args): Effect.Effect<A, PlatformError, R> =>
      Effect.andThen(check, call(...args))
  return FileSystem.make({
    ...real,
    chmod: guard(real.chmod),
    chown: guard(real.chown),
    copy: guard(real.copy),
    copyFile: guard(real.copyFile),
    link: guard(real.link),
    makeDirectory: guard(real.makeDirectory),
    makeTempDirectory: guard(real.makeTempDirectory),
    makeTempDirectoryScoped: guard(real.makeTempDirectoryScoped),
    makeTempFile: guard(real.makeTempFile),
    makeTempFileScoped: guard(real.makeTempFileScoped),
    open: (path, options) => {
      const opened = real.open(path, options)
      if ((options?.flag ?? "r") === "r") return opened
      return Effect.map(Effect.andThen(check, opened), (file) => fenceFile(file, check))
    },
    remove: guard(real.remove),
    rename: guard(real.rename),
    symlink: guard(real.symlink),
    truncate: guard(real.truncate),
    utimes: guard(real.utimes),
    writeFile: guard(real.writeFile)
  })
}

const fenceFile = (file: FileSystem.File, check: Check): FileSystem.File => ({
  [FileSystem.FileTypeId]: FileSystem.FileTypeId,
  get stat() {
    return file.stat
  },
  get sync() {
    return file.sync
  },
  seek: (offset, from) => file.seek(offset, from),
  read: (buffer, options) => file.read(buffer, options),
  readAlloc: (size, options) => file.readAlloc(size, options),
  truncate: (length) => Effect.andThen(check, file.truncate(length)),
  write: (buffer) => Effect.andThen(check, file.write(buffer)),
  writeAll: (buffer) => Effect.andThen(check, file.writeAll(buffer))
})
