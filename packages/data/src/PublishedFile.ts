import { createHash } from "node:crypto"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Option, Path } from "effect"
import { DatasetCorrupt, DatasetMissing, DatasetUnreadable } from "./Dataset/errors.ts"
import * as Idx from "./Idx.ts"

/** A file that somebody has published, and by which bytes it is known. */
export interface PublishedFile {
  /** Without `.gz`: a file may lie compressed or not. */
  readonly name: string
  /** Of the decompressed file. */
  readonly sha256: string
  /** Of the decompressed file. */
  readonly numBytes: number
}

/** Where a data set's files are looked for, and what is told to whoever does not have them. */
export interface Whereabouts {
  /** The data set's name, for errors. */
  readonly dataset: string
  readonly searchDirs: ReadonlyArray<string>
  readonly installHint: string
}

/** The first of `name.gz` and `name` in the first folder that has one; nothing is read but folders. */
export const locate = Effect.fnUntraced(function* (
  { name }: Pick<PublishedFile, "name">,
  searchDirs: ReadonlyArray<string>
) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const candidates = searchDirs.flatMap((dir) => [path.join(dir, `${name}.gz`), path.join(dir, name)])
  return yield* Effect.findFirst(candidates, (candidate) =>
    Effect.orElseSucceed(fileSystem.exists(candidate), () => false)
  )
})

/** Bytes that gzip may add to a file that it cannot make smaller; far more than it does. */
const maxOverhead = 2 ** 20

/** Reads an IDX file and checks that it is the published one. */
export const readIdx = Effect.fn("PublishedFile.readIdx")(function* (
  file: PublishedFile,
  { dataset, installHint, searchDirs }: Whereabouts
) {
  const located = yield* locate(file, searchDirs)
  if (Option.isNone(located)) {
    const missing = { dataset, file: `${file.name}.gz`, searched: [...searchDirs], hint: installHint }
    return yield* new DatasetMissing(missing)
  }
  const path = located.value
  const corrupt = (actual: string) =>
    new DatasetCorrupt({
      file: path,
      expected: file.sha256,
      actual,
      hint: `remove the file; ${installHint}`
    })
  const stored = yield* Effect.mapError(
    SafeFile.readBytes(path, { maxBytes: file.numBytes + maxOverhead }),
    (cause) => new DatasetUnreadable({ file: path, hint: "check its permissions, or remove it", cause })
  )
  const raw = yield* Effect.mapError(
    Idx.inflate(stored, { file: path, maxBytes: file.numBytes }),
    ({ problem }) => corrupt(`not known (${problem})`)
  )
  const sha256 = createHash("sha256").update(raw).digest("hex")
  if (sha256 !== file.sha256) return yield* corrupt(sha256)
  return yield* Idx.decode(raw, path)
})
