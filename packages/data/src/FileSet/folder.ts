import { Effect, Path } from "effect"
import { DatasetInvalid } from "../Dataset/errors.ts"
import { formatNames } from "../Decode/format.ts"
import type { DecodeOptions } from "../Decode/options.ts"
import { decodeOnThreads } from "../Decode/threads.ts"
import type { FileSet } from "../FileSet.ts"
import { maxImageBytes } from "./images.ts"
import { leftOut, listTree, type Tree } from "./tree.ts"

/** The image files below a folder, decoded when they are asked for, until the Scope closes. */
export const openFolder = Effect.fn("FileSet.openFolder")(function* (root: string, decoding: DecodeOptions) {
  return yield* openTree(yield* listTree(root), decoding)
})

/** {@link openFolder} of a folder whose files are known. */
export const openTree = Effect.fn("FileSet.openTree")(function* (tree: Tree, decoding: DecodeOptions) {
  const path = yield* Path.Path
  const { files: names, root } = tree
  const name = path.basename(path.resolve(root)) || root
  if (names.length === 0) {
    return yield* new DatasetInvalid({
      dataset: name,
      field: "images",
      value: "0",
      problem: `no file below ${root} has the name of ${[`a ${formatNames}`, ...leftOut(tree)].join("; ")}`,
      hint: "name a folder with images in it, or in folders of it"
    })
  }
  const decodeFile = yield* decodeOnThreads
  const set: FileSet = {
    ...{ name, path: root, names },
    decode: (index) =>
      decodeFile({ ...decoding, path: path.join(root, names[index]!), maxBytes: maxImageBytes })
  }
  return set
})
