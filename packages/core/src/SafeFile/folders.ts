import { Effect, FileSystem, Path } from "effect"
import { kindOf, refuse } from "./FileRefused.ts"

/**
 * Makes a folder where there is none, and says whether it did; refuses a link or a file in its place. Its parent must be
 * there.
 */
export const makeFolder = Effect.fn("SafeFile.makeFolder")(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const isMade = yield* Effect.as(fileSystem.makeDirectory(path), true).pipe(
    Effect.catchIf(
      ({ reason }) => reason._tag === "AlreadyExists",
      () => Effect.succeed(false)
    )
  )
  if (isMade) return true
  const { type } = yield* fileSystem.lstat(path)
  if (type === "Directory") return false
  const reason = `it is ${type === "File" ? "a file" : kindOf(type)} and not a folder`
  return yield* refuse("makeFolder", path, reason, "remove it, or choose another folder")
})

/**
 * Makes a folder and those above it that are not there. One after the other: Node's own way never ends where a folder that
 * is there takes none, as below `/proc`.
 */
export const makeFolders = Effect.fn("SafeFile.makeFolders")(function* (path: string) {
  const [fileSystem, { dirname, resolve }] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const missing: Array<string> = []
  let above = resolve(path)
  while (above !== dirname(above) && !(yield* fileSystem.exists(above))) {
    missing.push(above)
    above = dirname(above)
  }
  // A file in its place is an error of this call and not of the next one.
  if (missing.length === 0) return yield* fileSystem.makeDirectory(above, { recursive: true })
  for (const folder of missing.reverse()) {
    yield* Effect.catchIf(
      fileSystem.makeDirectory(folder),
      // Another process has made it meanwhile.
      ({ reason }) => reason._tag === "AlreadyExists",
      (cause) =>
        Effect.flatMap(fileSystem.exists(folder), (isThere) => (isThere ? Effect.void : Effect.fail(cause)))
    )
  }
})
