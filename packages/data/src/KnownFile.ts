import { createHash } from "node:crypto"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect, type FileSystem, type Scope } from "effect"
import { DatasetCorrupt, DatasetUnreadable } from "./Dataset/errors.ts"
import { type Digest, digesting } from "./Digest.ts"
import * as Idx from "./Idx.ts"

/** A file in which something of a data set may lie, and by what it is known. */
export interface KnownFile {
  readonly name: string
  /** Below the data set's own folder; undefined where it lies in that itself. */
  readonly folder?: string | undefined
  /** The fewest and the most that it may have; undefined where nobody has published it. */
  readonly numBytes?: readonly [least: number, most: number]
  /** Of the file as it lies. */
  readonly digest?: Digest | undefined
  /** Of what it decompresses to, where this is known: who compresses it again makes another file of the same content. */
  readonly inside?: { readonly numBytes: number; readonly sha256: string }
}

/** By what a file was found to be right; `size` is all that is known of some that lie unpacked. */
export type KnownBy = Digest["algorithm"] | "size" | "name"

/** Bytes that are held while a file is read. */
const chunkSize = 2 ** 22

/** How a file is checked. */
export interface CheckOptions {
  /** What to do about a file that is damaged. */
  readonly hint: string
  /** What the file is called in that case, where not by its path. */
  readonly shownAs?: string
  /** Is told how many bytes have been read. */
  readonly observe?: (numBytes: number) => Effect.Effect<void>
}

/**
 * Reads a file to its end, 4 MiB at a time, and fails where it is not the known one. A file that is known by what it
 * decompresses to is held in memory as a whole, compressed and not.
 */
export const check = Effect.fn("KnownFile.check")(function* (
  path: string,
  known: KnownFile,
  { hint, observe = () => Effect.void, shownAs = path }: CheckOptions
): Effect.fn.Return<KnownBy, DatasetCorrupt | DatasetUnreadable, FileSystem.FileSystem | Scope.Scope> {
  const unreadable = Effect.mapError(
    (cause: unknown) =>
      new DatasetUnreadable({ file: path, hint: "check its permissions, or remove it", cause })
  )
  const unlimited = { maxBytes: Number.POSITIVE_INFINITY }
  const file = yield* unreadable(SafeFile.openToRead(path, unlimited))
  yield* checkSize(shownAs, known, file.size, hint)
  if (known.inside !== undefined) {
    const stored = yield* unreadable(file.read(0, file.size))
    yield* checkInside(shownAs, known.inside, stored, hint)
    yield* observe(file.size)
    return "SHA-256"
  }
  if (known.digest === undefined) {
    return known.numBytes === undefined ? "name" : "size"
  }
  const digests = digesting(known.digest)
  for (let start = 0; start < file.size; start += chunkSize) {
    const end = Math.min(file.size, start + chunkSize)
    digests.update(yield* unreadable(file.read(start, end)))
    yield* observe(end)
  }
  const { corrupt } = digests.end(shownAs, hint)
  if (corrupt !== undefined) return yield* corrupt
  return known.digest.algorithm
}, Effect.scoped)

/** Refuses a length that the file cannot have; nothing is read for that. */
const checkSize = (file: string, { numBytes }: KnownFile, actual: number, hint: string) => {
  if (numBytes === undefined) return Effect.void
  const [least, most] = numBytes
  if (actual >= least && actual <= most) return Effect.void
  const expected = least === most ? `${most} bytes` : `${least} to ${most} bytes`
  const size = { algorithm: "size", expected, actual: `${actual} bytes` } as const
  return Effect.fail(new DatasetCorrupt({ file, ...size, hint }))
}

const checkInside = Effect.fnUntraced(function* (
  file: string,
  { numBytes, sha256: expected }: NonNullable<KnownFile["inside"]>,
  stored: Uint8Array,
  hint: string
) {
  const raw = yield* Effect.mapError(
    Idx.inflate(stored, { file, maxBytes: numBytes }),
    ({ problem }) => new DatasetCorrupt({ file, expected, actual: `not known (${problem})`, hint })
  )
  const actual = createHash("sha256").update(raw).digest("hex")
  if (actual !== expected) return yield* new DatasetCorrupt({ file, expected, actual, hint })
})
