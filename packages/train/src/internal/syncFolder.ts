import { Effect, FileSystem } from "effect"

/** Makes the names in a folder durable: without it, a crash may forget that a file was renamed. */
export const syncFolder = Effect.fnUntraced(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const handle = yield* fileSystem.open(folder, { flag: "r" })
  yield* handle.sync
}, Effect.scoped)
