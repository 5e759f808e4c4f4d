import { Effect, type FileSystem } from "effect"
import * as PlatformError from "effect/PlatformError"

/** Calls of a file system that are counted, and which of them fails. */
export interface Faults {
  /** Calls so far that may fail. */
  numCalls: number
  /** Is told of every call, by its name and its first path. */
  readonly onCall?: (method: string, path: string) => void
  /** The call that fails, counted from 0; none by default. */
  failAt: number
  /** Whether every later call fails too, as where space stays short, or a process has ended; only the one by default. */
  readonly isLasting?: boolean
}

const full = (method: string) =>
  PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method,
    description: "no space left on device",
    cause: Object.assign(new Error("ENOSPC"), { code: "ENOSPC" })
  })

/** What a save calls. */
const counted = ["makeDirectory", "open", "rename", "remove", "exists", "readDirectory"] as const

/** A file system that counts its calls, those of its open files too, and has a full disk at one of them, or from it on. */
export const faulty = (real: FileSystem.FileSystem, faults: Faults): FileSystem.FileSystem => {
  const isFull = (method: string, path: string) => {
    const call = faults.numCalls++
    faults.onCall?.(method, path)
    return call === faults.failAt || (faults.isLasting === true && call > faults.failAt)
  }
  const guard =
    <Args extends ReadonlyArray<unknown>, A, E, R>(
      method: string,
      call: (...args: Args) => Effect.Effect<A, E, R>,
      path?: string
    ) =>
    (...args: Args): Effect.Effect<A, E | PlatformError.PlatformError, R> =>
      Effect.suspend(
        (): Effect.Effect<A, E | PlatformError.PlatformError, R> =>
          isFull(method, path ?? String(args[0])) ? Effect.fail(full(method)) : call(...args)
      )
  const open: FileSystem.FileSystem["open"] = (path, options) =>
    Effect.map(guard("open", real.open)(path, options), (file) => ({
      ...file,
      writeAll: guard("writeAll", (bytes: Uint8Array) => file.writeAll(bytes), path),
      sync: guard("sync", () => file.sync, path)()
    }))
  const calls = Object.fromEntries(
    counted.map((name) => [
      name,
      guard(name, real[name] as () => Effect.Effect<unknown, PlatformError.PlatformError>)
    ])
  )
  return { ...real, ...calls, open } as FileSystem.FileSystem
}
