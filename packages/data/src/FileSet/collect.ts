import * as SafeFile from "@moco/core/SafeFile"
import { ByteSize, Effect, FileSystem, Path } from "effect"
import type { DatasetInvalid, DatasetUnreadable } from "../Dataset/errors.ts"
import { malformed, unreadableFile } from "./faults.ts"
import { type FileKind, kindNames, kindOf, numTelling, type Unread } from "./kinds.ts"
import { folderOfRange } from "./range.ts"
import type { Collection, Shard } from "./shards.ts"
import type { Tree } from "./tree.ts"

/** A file, and what it is by how it begins. */
interface Looked {
  readonly shard: Shard
  readonly kind: FileKind | Unread | undefined
}

const unbounded = { maxBytes: Number.MAX_SAFE_INTEGER }

/** Files that are looked at at the same time. */
const concurrency = 8

const lookAt = Effect.fnUntraced(function* (name: string, path: string) {
  const { read, size } = yield* SafeFile.openToRead(path, unbounded)
  const start = yield* read(0, Math.min(size, numTelling))
  const looked: Looked = { shard: { name, path, numBytes: size }, kind: kindOf(start) }
  return looked
}, Effect.scoped)

const whatToName =
  "name a folder with images in it, tar archives, Parquet files, NumPy arrays, or what `npx moco data pack` has written"

/** One file of many images. */
export const collectFile = Effect.fnUntraced(function* (path: string) {
  const { basename } = yield* Path.Path
  return yield* collectAll(basename(path), path, [[basename(path), path]])
})

/** The files that a name with ranges stands for. */
export const collectRange = Effect.fnUntraced(function* (path: string, paths: ReadonlyArray<string>) {
  const { basename } = yield* Path.Path
  const folder = folderOfRange(path)
  const named = paths.map((each) => [each.slice(folder.length), each] as const)
  return yield* collectAll(basename(path), path, named)
})

/** Files that must all be of one kind. */
const collectAll = Effect.fnUntraced(function* (
  name: string,
  path: string,
  files: ReadonlyArray<readonly [name: string, path: string]>
) {
  const looked = yield* Effect.forEach(
    files,
    ([each, at]) => Effect.mapError(lookAt(each, at), unreadableFile(at)),
    { concurrency }
  )
  const kind = looked[0]?.kind
  const other = looked.find((each) => typeof each.kind !== "string" || each.kind !== kind)
  if (other === undefined && typeof kind === "string") {
    const collection: Collection = { name, path, kind, shards: looked.map(({ shard }) => shard), notes: [] }
    return collection
  }
  const wrong = other?.shard.path ?? path
  if (typeof other?.kind === "object") return yield* notRead(wrong, other.kind)
  if (typeof other?.kind === "string" && typeof kind === "string") {
    const problem = `is of another kind than ${looked[0]!.shard.path}, one of ${kindNames[kind]}`
    return yield* malformed(path, "file", wrong, problem, "name files of one kind")
  }
  const problem = "is no folder, and no file of images: it begins like none"
  return yield* malformed(wrong, "path", wrong, problem, whatToName)
})

const notRead = (path: string, { hint, what }: Unread) => malformed(path, "file", path, what, hint)

/** What a folder is taken for: files of many images, or, where there is no collection, its image files. */
export interface Taken {
  readonly collection: Collection | undefined
  /** What is left out, where the folder has several kinds. */
  readonly notes: ReadonlyArray<string>
}

/**
 * What a folder may be taken for: files of many images of one kind, or its image files; what most of its bytes are comes
 * first. The others follow because a large file need not hold images.
 */
export const collectTree = Effect.fnUntraced(function* (
  tree: Tree
): Effect.fn.Return<
  ReadonlyArray<Taken>,
  DatasetInvalid | DatasetUnreadable,
  FileSystem.FileSystem | Path.Path
> {
  const path = yield* Path.Path
  const looked = (yield* lookAtOthers(tree)).filter((each) => each !== undefined)
  const kinds = Map.groupBy(looked, ({ kind }) => (typeof kind === "string" ? kind : undefined))
  kinds.delete(undefined)
  const candidates = [...kinds].map(([kind, each]) => candidateOf(kind!, each))
  const unread = looked.flatMap(({ kind, shard }) => (typeof kind === "object" ? [{ ...kind, shard }] : []))
  if (candidates.length === 0) {
    const [first] = unread
    if (first !== undefined && tree.files.length === 0) return yield* notRead(first.shard.path, first)
    return [{ collection: undefined, notes: unreadNotes(unread) }]
  }
  if (tree.files.length > 0) {
    const words = `${tree.files.length} image files`
    candidates.push({ kind: undefined, shards: [], words, numBytes: yield* sizeOfImages(tree) })
  }
  const name = path.basename(path.resolve(tree.root)) || tree.root
  const ordered = candidates.toSorted((a, b) => b.numBytes - a.numBytes)
  return ordered.filter(isLikely(tree)).map((candidate): Taken => {
    const { kind, shards } = candidate
    const notes = [...(ordered.length === 1 ? [] : [mixed(candidate, ordered)]), ...unreadNotes(unread)]
    return { collection: kind && { name, path: tree.root, kind, shards, notes }, notes }
  })
})

/** Says which files are left out that may hold images. */
const unreadNotes = (unread: ReadonlyArray<Unread & { readonly shard: Shard }>): ReadonlyArray<string> => {
  const [first, ...others] = unread
  if (first === undefined) return []
  const more = others.length === 0 ? "" : ` (and ${others.length} more files that are not read)`
  return [`${first.shard.name} ${first.what}, and is left out${more}; to have what is in it, ${first.hint}`]
}

/** A few image files beside files of many are what a README shows. */
const isLikely =
  ({ files }: Tree) =>
  ({ kind }: Candidate, place: number) =>
    place === 0 || kind !== undefined || files.length >= fewestImages

const fewestImages = 8

/** Files of one kind in a folder; `kind` is undefined for image files. */
interface Candidate {
  readonly kind: FileKind | undefined
  readonly shards: ReadonlyArray<Shard>
  readonly words: string
  readonly numBytes: number
}

const candidateOf = (kind: FileKind, looked: ReadonlyArray<Looked>): Candidate => {
  const shards = looked.map(({ shard }) => shard)
  const numBytes = shards.reduce((sum, shard) => sum + shard.numBytes, 0)
  return { kind, shards, numBytes, words: `${shards.length} ${kindNames[kind]}` }
}

const lookAtOthers = ({ others, root }: Tree) =>
  Effect.flatMap(Path.Path, (path) =>
    Effect.forEach(
      others,
      (name) => {
        const at = path.join(root, name)
        // What cannot be read and is not named like images is nobody's concern.
        return Effect.catch(lookAt(name, at), (cause) =>
          isNamedLikeImages(name) ? Effect.fail(unreadableFile(at)(cause)) : Effect.succeed(undefined)
        )
      },
      { concurrency }
    )
  )

const isNamedLikeImages = (name: string) => /\.(?:tar|parquet|npy|pack)$/i.test(name)

const sizeOfImages = Effect.fnUntraced(function* ({ files, root }: Tree) {
  const [fileSystem, path] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const sizeOf = (name: string) =>
    Effect.map(fileSystem.stat(path.join(root, name)), ({ size }) => Number(ByteSize.toBigInt(size)))
  const sizes = yield* Effect.forEach(files, (name) => Effect.orElseSucceed(sizeOf(name), () => 0), {
    concurrency
  })
  return sizes.reduce((sum, size) => sum + size, 0)
})

/** Says what is taken of a folder of several kinds. */
const mixed = (taken: Candidate, ordered: ReadonlyArray<Candidate>): string => {
  const left = ordered.filter((each) => each !== taken).map(({ words }) => words)
  const reason = taken === ordered[0] ? ", which are most of the folder's bytes" : ""
  return `taken are ${taken.words}${reason}; ${left.join(" and ")} are left out`
}
