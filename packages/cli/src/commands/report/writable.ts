import * as SafeFile from "@moco/core/SafeFile"
import { unwritable } from "@moco/train/RunFolder/errors"
import { Effect, Path } from "effect"

/** Makes a folder where there is none, and fails where no file can be made in it. */
export const requireFolder = Effect.fn("cli.requireFolder")(function* (folder: string) {
  yield* unwritable(folder)(SafeFile.makeFolders(folder))
  yield* unwritable(folder)(Effect.scoped(SafeFile.scratch(folder)))
})

/** Fails where `file` cannot be written as a whole: by its folder, which is made, or by what has its name. */
export const requireWritable = Effect.fn("cli.requireWritable")(function* (file: string) {
  const path = yield* Path.Path
  yield* requireFolder(path.dirname(file))
  yield* unwritable(file)(SafeFile.requireReplaceable(file))
})
