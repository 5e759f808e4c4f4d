import { Effect, FileSystem } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { type DatasetInvalid, DatasetUnreadable } from "../Dataset/errors.ts"
import type { DecodeOptions } from "../Decode/options.ts"
import type { FileSet } from "../FileSet.ts"
import { collectFile, collectRange, collectTree, type Taken } from "./collect.ts"
import { malformed, unreadableFile } from "./faults.ts"
import { openTree } from "./folder.ts"
import { openNpy } from "./npy.ts"
import { openPack } from "./pack.ts"
import { openParquet } from "./parquet.ts"
import { namesInRange } from "./range.ts"
import type { Collection } from "./shards.ts"
import { openTar } from "./tar.ts"
import { leftOut, listTree } from "./tree.ts"

/**
 * The images at a path, told by what is there: a folder of image files; files of many images, or a folder of these; a name
 * with a range, `{000..012}`. They are open until the Scope closes.
 *
 * @param packedBy  what a packed file's images must have been decoded by
 */
export const openFiles = Effect.fn("FileSet.open")(function* (
  path: string,
  decoding: DecodeOptions,
  packedBy: DecodeOptions | "any" = decoding
) {
  const fileSystem = yield* FileSystem.FileSystem
  const found = yield* Effect.result(fileSystem.stat(path))
  if (found._tag === "Failure") {
    const names = namesInRange(path)
    if (names === undefined) return yield* notThere(path, found.failure)
    return yield* openCollection(yield* collectRange(path, names), decoding, packedBy)
  }
  if (found.success.type !== "Directory")
    return yield* openCollection(yield* collectFile(path), decoding, packedBy)
  const tree = yield* listTree(path)
  const openTaken = Effect.fnUntraced(function* ({ collection, notes }: Taken) {
    if (collection !== undefined) return yield* openCollection(collection, decoding, packedBy)
    const set: FileSet = { ...(yield* openTree(tree, decoding)), notes: [...notes, ...leftOut(tree)] }
    return set
  })
  // What outweighs the images need not hold any: an archive of something else, an array of features.
  const openFirst = (
    [taken, ...others]: ReadonlyArray<Taken>,
    before?: DatasetInvalid
  ): ReturnType<typeof openTaken> =>
    Effect.catchTag(openTaken(taken!), "DatasetInvalid", (invalid) => {
      if (invalid.holdsNoImages !== true) return Effect.fail(invalid)
      return others.length > 0 ? openFirst(others, before ?? invalid) : Effect.fail(before ?? invalid)
    })
  return yield* openFirst(yield* collectTree(tree))
})

/** A path that nothing is at may have been meant for a name. */
const notThere = (path: string, cause: PlatformError) =>
  cause.reason._tag === "NotFound"
    ? new DatasetUnreadable({
        file: path,
        hint:
          "name a folder or a file of images with --data=PATH, or a data set that `npx moco data list` knows;\n" +
          "  for a run that goes on: --set data.files.path=PATH",
        cause
      })
    : unreadableFile(path)(cause)

const openCollection = Effect.fnUntraced(function* (
  collection: Collection,
  decoding: DecodeOptions,
  packedBy: DecodeOptions | "any"
) {
  switch (collection.kind) {
    case "tar":
      return yield* openTar(collection, decoding)
    case "parquet":
      return yield* openParquet(collection, decoding)
    case "npy":
      return yield* openNpy(collection, decoding)
    case "pack": {
      const { notes, path, shards } = collection
      if (shards.length > 1) {
        const hint = `name one of them, e.g. ${shards[0]!.path}`
        return yield* malformed(path, "packed files", String(shards.length), "must be one", hint)
      }
      const packed = yield* openPack(shards[0]!.path, packedBy === "any" ? undefined : packedBy)
      const set: FileSet = { ...packed, notes }
      return set
    }
  }
})
