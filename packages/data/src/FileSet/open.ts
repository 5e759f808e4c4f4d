import { Effect, FileSystem } from "effect"
import { DatasetInvalid, DatasetUnreadable } from "../Dataset/errors.ts"
import type { DecodeOptions } from "../Decode/decode.ts"
import { openFolder } from "./folder.ts"
import { isPack, openPack } from "./pack.ts"

/**
 * The image files at a path, told by what is there: a folder, or a packed file. They are open until the Scope closes.
 *
 * @param packedBy  what a packed file's images must have been decoded by
 */
export const openFiles = Effect.fn("FileSet.open")(function* (
  path: string,
  decoding: DecodeOptions,
  packedBy: DecodeOptions | "any" = decoding
) {
  const fileSystem = yield* FileSystem.FileSystem
  const { isPacked, type } = yield* Effect.gen(function* () {
    const { type } = yield* fileSystem.stat(path)
    return { type, isPacked: type === "File" && (yield* isPack(path)) }
  }).pipe(
    Effect.catchTag("PlatformError", (cause) =>
      Effect.fail(new DatasetUnreadable({ file: path, hint: "check the name and its permissions", cause }))
    )
  )
  if (type === "Directory") return yield* openFolder(path, decoding)
  if (isPacked) return yield* openPack(path, packedBy === "any" ? undefined : packedBy)
  return yield* new DatasetInvalid({
    ...{ dataset: path, field: "path", value: path },
    problem: "is no folder, and no file that `npx moco data pack` has written",
    hint: "name a folder with images in it"
  })
})
