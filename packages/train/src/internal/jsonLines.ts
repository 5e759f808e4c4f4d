import { Effect, FileSystem } from "effect"

const newline = 0x0a

/** The whole lines of a file; a last line without its end was torn off and is left out. No file has no lines. */
export const readLines = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  if (!(yield* fileSystem.exists(path))) return []
  const text = yield* fileSystem.readFileString(path)
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1)
})

/**
 * Opens a file for lines that are added one at a time, each handed to the system as a whole and on disk when its
 * effect returns; closed with the Scope. A torn last line is removed first.
 */
export const appendable = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  if (yield* fileSystem.exists(path)) {
    const bytes = yield* fileSystem.readFile(path)
    const end = bytes.lastIndexOf(newline) + 1
    if (end < bytes.length) yield* fileSystem.truncate(path, end)
  }
  const file = yield* fileSystem.open(path, { flag: "a" })
  return (line: string) => Effect.andThen(file.writeAll(new TextEncoder().encode(`${line}\n`)), file.sync)
})
