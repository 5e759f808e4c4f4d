import { Effect, FileSystem, Semaphore } from "effect"

const newline = 0x0a

/** The whole lines of a file; a last line without its end was torn off and is left out. */
export const readLines = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const text = yield* fileSystem.readFileString(path)
  const whole = text.slice(0, text.lastIndexOf("\n") + 1)
  return whole.split("\n").slice(0, -1)
})

/**
 * Opens a file for lines that are added one at a time, each handed to the system as a whole; closed with the Scope.
 * A torn last line is removed first, and so is what a failed write has left. `sync` returns when all is on disk.
 */
export const openLines = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  let end = 0
  if (yield* fileSystem.exists(path)) {
    const bytes = yield* fileSystem.readFile(path)
    end = bytes.lastIndexOf(newline) + 1
    if (end < bytes.length) yield* fileSystem.truncate(path, end)
  }
  const file = yield* fileSystem.open(path, { flag: "a" })
  const turn = yield* Semaphore.make(1)
  const append = Effect.fnUntraced(function* (line: string) {
    const bytes = new TextEncoder().encode(`${line}\n`)
    yield* Effect.tapError(file.writeAll(bytes), () => Effect.ignore(fileSystem.truncate(path, end)))
    end += bytes.length
  })
  return {
    append: (line: string) => turn.withPermits(1)(append(line)),
    sync: file.sync,
    /** Where the next line will begin. */
    position: Effect.sync(() => end),
    /** Removes what stands behind `position`; a file that ends before it is left as it is. */
    truncate: (position: number) =>
      turn.withPermits(1)(
        Effect.suspend(() => {
          const cut = Math.min(position, end)
          return Effect.map(fileSystem.truncate(path, cut), () => {
            end = cut
          })
        })
      )
  }
})
