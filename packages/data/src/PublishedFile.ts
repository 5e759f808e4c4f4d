import { createHash } from "node:crypto"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Option, Path } from "effect"
import { DatasetCorrupt, DatasetInvalid, DatasetMissing, DatasetUnreadable } from "./Dataset/errors.ts"
import type { Digest } from "./Digest.ts"
import * as Idx from "./Idx.ts"
import type { KnownFile } from "./KnownFile.ts"

/** An IDX file that somebody has published, and by what it is known. */
export interface PublishedFile {
  /** Without `.gz`: a file may lie compressed or not. */
  readonly name: string
  /** Of the array that it holds. */
  readonly dims: ReadonlyArray<number>
  /** Of the decompressed file. Where it is not known, what lies decompressed is known by its form alone. */
  readonly sha256?: string
  /** Of `name.gz` as it was published. Where the other is known too, that one is asked for. */
  readonly sha256OfGz?: string
  /** Of `name.gz` as it was published. */
  readonly numBytesOfGz?: number
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

/** A file of a data set, and the path that would be read; none where there is none. */
export interface Found {
  readonly file: string
  readonly path: Option.Option<string>
}

/** Says for each file which path would be read. It is not looked at here whether its bytes are right. */
export const find = (files: ReadonlyArray<Pick<PublishedFile, "name">>, searchDirs: ReadonlyArray<string>) =>
  Effect.forEach(files, (file) =>
    Effect.map(locate(file, searchDirs), (path): Found => ({ file: file.name, path }))
  )

/** The two forms in which a published file may lie, and by what each is known. */
export const knownForms = (file: PublishedFile): ReadonlyArray<KnownFile> => {
  const { name, numBytesOfGz, sha256, sha256OfGz } = file
  const numBytes = numBytesOf(file)
  const raw: KnownFile = { name, numBytes: [numBytes, numBytes], digest: sha256Of(sha256) }
  const compressed: KnownFile =
    sha256 === undefined
      ? {
          name: `${name}.gz`,
          numBytes: numBytesOfGz === undefined ? [1, numBytes + maxOverhead] : [numBytesOfGz, numBytesOfGz],
          digest: sha256Of(sha256OfGz)
        }
      : { name: `${name}.gz`, numBytes: [1, numBytes + maxOverhead], inside: { numBytes, sha256 } }
  return [compressed, raw]
}

const sha256Of = (hex: string | undefined): Digest | undefined =>
  hex === undefined ? undefined : { algorithm: "SHA-256", hex }

/** Bytes that gzip may add to a file that it cannot make smaller; far more than it does. */
const maxOverhead = 2 ** 20

/** Of the decompressed file: magic number, dimensions, an unsigned byte for every value. */
const numBytesOf = ({ dims }: PublishedFile): number =>
  dims.reduce((product, dim) => product * dim, 1) + 4 + 4 * dims.length

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/**
 * Reads an IDX file and checks that it is the published one, as far as that is known: by its hash, and by its form.
 *
 * @returns the array, the path that was read, and the SHA-256 of the decompressed file
 */
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
  const hint = `remove the file; ${installHint}`
  const numBytes = numBytesOf(file)
  const stored = yield* Effect.mapError(
    SafeFile.readBytes(path, { maxBytes: numBytes + maxOverhead }),
    (cause) => new DatasetUnreadable({ file: path, hint: "check its permissions, or remove it", cause })
  )
  const expected = file.sha256 ?? (path.endsWith(".gz") ? file.sha256OfGz : undefined)
  const corrupt = (known: string, actual: string) =>
    new DatasetCorrupt({ file: path, expected: known, actual, hint })
  const raw = yield* Effect.mapError(Idx.inflate(stored, { file: path, maxBytes: numBytes }), (malformed) =>
    expected === undefined ? malformed : corrupt(expected, `not known (${malformed.problem})`)
  )
  const sha256 = hashOf(raw)
  if (expected !== undefined) {
    const actual = file.sha256 === undefined ? hashOf(stored) : sha256
    if (actual !== expected) return yield* corrupt(expected, actual)
  }
  const { data, dims } = yield* Idx.decode(raw, path)
  if (dims.join() !== file.dims.join()) {
    const problem = `must be ${file.dims.join(" x ")}, the size of the published array`
    const value = dims.slice(0, maxShown).join(" x ")
    return yield* new DatasetInvalid({ dataset, field: `size of ${path}`, value, problem, hint })
  }
  return { data, dims, path, sha256 }
})

/** Of the up to 255 dimensions that a file may have. */
const maxShown = 8
