import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Scope, Semaphore } from "effect"
import { sameAs } from "./internal/stillThere.ts"

const newline = 0x0a

/** Far more than the log of any run of ours, and about what fits into one string. */
const maxBytes = 400 * 2 ** 20

/** The whole lines of a file; a last line without its end was torn off and is left out. */
export const readLines = Effect.fnUntraced(function* (
  path: string,
  limit: SafeFile.ReadLimit = { maxBytes }
) {
  const text = yield* SafeFile.readText(path, limit)
  const whole = text.slice(0, text.lastIndexOf("\n") + 1)
  return whole.split("\n").slice(0, -1)
})

/** The last whole line of a file, looked for from its end; nothing where there is none, or it is longer than any of ours. */
export const readLastLine = Effect.fnUntraced(function* (path: string) {
  return yield* fromItsEnd(path, maxBytes, ({ bytes, start }) => {
    const end = bytes.lastIndexOf(newline)
    const begin = bytes.subarray(0, Math.max(0, end)).lastIndexOf(newline) + 1
    return end >= 0 && (begin > 0 || start === 0)
      ? new TextDecoder().decode(bytes.subarray(begin, end))
      : undefined
  })
})

/**
 * Adds a line to a file that nobody holds; returns when it is on disk.
 *
 * It is written at the end as a whole and nothing is cut off, so that several processes may do so at once. A line that
 * was torn off before gets its end, and is one of its own.
 */
export const addLine = Effect.fnUntraced(function* (path: string, line: string) {
  const file = yield* SafeFile.openToAppend(path)
  const { bytes: last } = yield* SafeFile.readTail(path, { maxBytes: 1 })
  const isWhole = last.length === 0 || last[0] === newline
  yield* file.writeAll(new TextEncoder().encode(`${isWhole ? "" : "\n"}${line}\n`))
  yield* file.sync
}, Effect.scoped)

/**
 * Opens a file for lines that are added one at a time, each handed to the system as a whole; closed with the Scope.
 * A torn last line is removed first, and so is what a failed write has left. `sync` returns when all is on disk.
 *
 * A file that has or gets another name (`cp -al` makes one) is copied before it grows, and the other keeps what there was.
 * Where the file is no longer at `path`, adding to it and `sync` fail, and nothing is made there anew.
 */
export const openLines = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const scope = yield* Effect.scope
  const open = Effect.gen(function* () {
    const file = yield* SafeFile.openToAppend(path)
    return { file, isThere: yield* sameAs(path, file) }
  }).pipe(Scope.provide(scope), Effect.provideService(FileSystem.FileSystem, fileSystem))
  let current = yield* open
  let end = yield* endOfLines(path)
  yield* current.file.truncate(end)
  const turn = yield* Semaphore.make(1)
  /** The file at `path`, with no name but its own. */
  const alone = Effect.gen(function* () {
    if (SafeFile.hasOtherNames(yield* current.isThere)) current = yield* open
    return current.file
  })
  const append = Effect.fnUntraced(function* (line: string) {
    const bytes = new TextEncoder().encode(`${line}\n`)
    const file = yield* alone
    yield* Effect.tapError(file.writeAll(bytes), () => Effect.ignore(file.truncate(end)))
    end += bytes.length
  })
  const linesBehind = (start: number) =>
    start === end
      ? Effect.succeed([])
      : SafeFile.readTail(path, { maxBytes: end - start }).pipe(
          Effect.map(({ bytes }) => new TextDecoder().decode(bytes).split("\n").slice(0, -1)),
          Effect.provideService(FileSystem.FileSystem, fileSystem)
        )
  return {
    append: (line: string) => turn.withPermits(1)(append(line)),
    sync: Effect.suspend(() => Effect.andThen(current.isThere, current.file.sync)),
    /** Where the next line will begin. */
    position: Effect.sync(() => end),
    /**
     * Removes what stands behind `position`, but for the lines that stay; a file that ends before it is left as it is.
     */
    truncate: (position: number, stays: (line: string) => boolean) =>
      turn.withPermits(1)(
        Effect.gen(function* () {
          const cut = Math.min(position, end)
          const file = yield* alone
          const kept = (yield* linesBehind(cut)).filter(stays)
          yield* file.truncate(cut)
          end = cut
          for (const line of kept) yield* append(line)
        })
      )
  }
})

/** Bytes of a file's end that are looked at first. */
const tailBytes = 2 ** 16

/** The end of a file, and where in it that begins. */
type Tail = Effect.Success<ReturnType<typeof SafeFile.readTail>>

/** What `look` finds in ever more of a file's end; nothing where it finds nothing in all of it, or in its last `most` bytes. */
const fromItsEnd = Effect.fnUntraced(function* <A>(
  path: string,
  most: number,
  look: (tail: Tail) => A | undefined
) {
  for (let numBytes = tailBytes; ; numBytes *= 16) {
    const tail = yield* SafeFile.readTail(path, { maxBytes: Math.min(numBytes, most) })
    const found = look(tail)
    if (found !== undefined || tail.start === 0 || numBytes >= most) return found
  }
})

/** Where the last whole line of a file ends. */
const endOfLines = Effect.fnUntraced(function* (path: string) {
  // However long the torn line is: what stands before it must not be cut off with it.
  const end = yield* fromItsEnd(path, Number.POSITIVE_INFINITY, ({ bytes, start }) => {
    const found = bytes.lastIndexOf(newline)
    return found < 0 ? undefined : start + found + 1
  })
  return end ?? 0
})
