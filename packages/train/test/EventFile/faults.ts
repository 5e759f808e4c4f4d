import { Effect, FileSystem } from "effect"
import * as PlatformError from "effect/PlatformError"

const full = (path: string) =>
  PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "write",
    pathOrDescriptor: path,
    cause: Object.assign(new Error("ENOSPC"), { code: "ENOSPC" })
  })

/** A file system on which event files find no room while `isFull`: half of what is written is, and nothing is made. */
export const withoutRoom = (real: FileSystem.FileSystem, isFull: () => boolean): FileSystem.FileSystem => {
  const open: FileSystem.FileSystem["open"] = (path, options) =>
    Effect.map(real.open(path, options), (file) => {
      if (!path.includes("tfevents")) return file
      const writeAll = (bytes: Uint8Array) =>
        Effect.suspend(() =>
          isFull()
            ? Effect.andThen(file.writeAll(bytes.subarray(0, bytes.length >> 1)), Effect.fail(full(path)))
            : file.writeAll(bytes)
        )
      return new Proxy(file, {
        get: (target, name) => {
          const value = name === "writeAll" ? writeAll : Reflect.get(target, name, target)
          return typeof value === "function" ? value.bind(target) : value
        }
      })
    })
  return FileSystem.make({ ...real, open })
}
