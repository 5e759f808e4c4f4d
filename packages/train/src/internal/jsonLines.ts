import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Option, Scope, Semaphore } from "effect"

const newline = 0x0a

/** Far more than the log of any run of ours, and about what fits into one string. */
const maxBytes = 400 * 2 ** 20

/** The whole lines of a file; a last line without its end was torn off and is left out. */
export const readLines = Effect.fnUntraced(function* (path: string) {
  const text = yield* SafeFile.readText(path, { maxBytes })
  const whole = text.slice(0, text.lastIndexOf("\n") + 1)
  return whole.split("\n").slice(0, -1)
})

/**
 * Opens a file for lines that are added one at a time, each handed to the system as a whole; closed with the Scope.
 * A torn last line is removed first, and so is what a failed write has left. `sync` returns when all is on disk.
 *
 * A file that has or gets another name (`cp -al` makes one) is copied before it grows, and the other keeps what there was.
 */
export const openLines = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const scope = yield* Effect.scope
  const open = SafeFile.openToAppend(path).pipe(
    Scope.provide(scope),
    Effect.provideService(FileSystem.FileSystem, fileSystem)
  )
  let file = yield* open
  let end = yield* endOfLines(path)
  yield* file.truncate(end)
  const turn = yield* Semaphore.make(1)
  /** The file, with no name but its own; what was removed or moved is not made anew. */
  const alone = Effect.gen(function* () {
    const found = yield* Effect.provideService(SafeFile.lstat(path), FileSystem.FileSystem, fileSystem)
    if (Option.isNone(found) || !isSameFile(found.value, yield* file.stat)) {
      const reason = "it was removed or replaced while it was being written"
      return yield* SafeFile.refuse("append", path, reason, "put it back, or start anew")
    }
    if (SafeFile.hasOtherNames(found.value)) file = yield* open
    return file
  })
  const append = Effect.fnUntraced(function* (line: string) {
    const bytes = new TextEncoder().encode(`${line}\n`)
    const own = yield* alone
    yield* Effect.tapError(own.writeAll(bytes), () => Effect.ignore(own.truncate(end)))
    end += bytes.length
  })
  return {
    append: (line: string) => turn.withPermits(1)(append(line)),
    sync: Effect.suspend(() => file.sync),
    /** Where the next line will begin. */
    position: Effect.sync(() => end),
    /** Removes what stands behind `position`. */
    truncate: (position: number) =>
      turn.withPermits(1)(
        Effect.gen(function* () {
          yield* (yield* alone).truncate(position)
          end = position
        })
      )
  }
})

const isSameFile = (one: FileSystem.File.Info, other: FileSystem.File.Info): boolean =>
  one.dev === other.dev && Option.getOrUndefined(one.ino) === Option.getOrUndefined(other.ino)

/** Bytes that are looked at one after the other, from the end, for the end of a line. */
const tailBytes = 2 ** 16

/** Where the last whole line of a file ends. */
const endOfLines = Effect.fnUntraced(function* (path: string) {
  for (let maxBytes = tailBytes; ; maxBytes *= 16) {
    const { bytes, start } = yield* SafeFile.readTail(path, { maxBytes })
    const end = bytes.lastIndexOf(newline) + 1
    if (end > 0 || start === 0) return start + end
  }
})
