import { pipeline, Readable } from "node:stream"
import { createGunzip } from "node:zlib"
import { line } from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Option, Stream } from "effect"
import * as Tar from "effect/encoding/Tar"
import type { PlatformError } from "effect/PlatformError"
import { type DatasetInvalid, DatasetUnreadable } from "../Dataset/errors.ts"
import { type Digest, digesting } from "../Digest.ts"
import type { Whereabouts } from "../PublishedFile.ts"
import { invalid, lengthOf, type Part, unreadable } from "./Part.ts"

/** An archive of the files of one folder. */
export interface Archive {
  readonly folder: string
  /** Everything of size that is in it. */
  readonly parts: ReadonlyArray<Part>
  /** Of the archive as it was published. */
  readonly digest?: Digest | undefined
}

/** Bytes that are held of what is read and of what is unpacked, each. */
const chunkSize = 2 ** 18

/** Unpacked bytes beside the parts: headers, words, and what a chunk has more than was asked for. */
const maxOther = 2 ** 22

/** Files in an archive; the published ones have ten. */
const maxEntries = 100

/** Characters that are shown of what is wrong with an archive, which may name what is in it. */
const maxWords = 200

/**
 * The bytes of parts of a `.tar.gz`, see {@link walkParts}. Memory is asked for the parts that are wanted, each as large as
 * it says and no larger than {@link Part.maxBytes}, and for 4 MiB beside them.
 *
 * @param wanted  names of parts
 * @returns the wanted parts' bytes by name, and the SHA-256 of the archive
 */
export const readParts = Effect.fn("TarGz.readParts")(function* (
  path: string,
  archive: Archive,
  wanted: ReadonlyArray<string>,
  about: Whereabouts
) {
  const bytes = new Map<string, Uint8Array>()
  const sha256 = yield* walkParts<never>(path, archive, wanted, about, ({ name }, body, size) =>
    Effect.map(bytesOf(body, size), (held) => {
      bytes.set(name, held)
    })
  )
  return { bytes, sha256 }
})

/** Bytes of a part as they are unpacked. */
export type Body = Stream.Stream<Uint8Array, BodyError>
type BodyError = DatasetInvalid | DatasetUnreadable | Tar.TarError

/**
 * Gives the wanted parts of a `.tar.gz` as they come, without unpacking it to disk: it is read as a stream, once, to its
 * end.
 *
 * A name in the archive is only ever compared with the parts' names, so where it leads does not matter; other files are
 * passed over, and a part that is a link is refused. What unpacks to more than the parts may have is refused when that much
 * has been unpacked.
 *
 * **Gotchas** Whether the archive is the published one is known at its end: what `take` has made of a part is of use if this
 * succeeds, and not before.
 *
 * @param wanted  names of parts, which must be there
 * @param take  is given every wanted part once, its bytes, and how many they are
 * @returns the SHA-256 of the archive
 */
export const walkParts = Effect.fn("TarGz.walkParts")(function* <E extends PlatformError>(
  path: string,
  { digest, folder, parts }: Archive,
  wanted: ReadonlyArray<string>,
  about: Whereabouts,
  take: (part: Part, body: Body, size: number) => Effect.Effect<void, E | BodyError>
) {
  const most = parts.reduce((total, { maxBytes }) => total + maxBytes, maxOther)
  const file = yield* Effect.mapError(SafeFile.openToRead(path, { maxBytes: most }), unreadable(path))
  const digests = digesting(digest)
  const stored = Stream.paginate(0, (start) => {
    const end = Math.min(file.size, start + chunkSize)
    return Effect.map(Effect.mapError(file.read(start, end), unreadable(path)), (bytes) => {
      digests.update(bytes)
      return [[bytes], end < file.size ? Option.some(end) : Option.none()] as const
    })
  })

  let numBytes = 0
  let allowed = maxOther
  const tooLarge = invalid(about, path, "an archive", "unpacks to more than belongs into it")
  const unpacked = gunzipped(stored, (problem) =>
    invalid(about, path, "an archive", `gzip: ${problem}`)
  ).pipe(
    Stream.mapEffect((chunk) => {
      numBytes += chunk.length
      return numBytes > allowed ? Effect.fail(tooLarge) : Effect.succeed(chunk)
    })
  )

  const found = new Set<string>()
  let numEntries = 0
  const visit = Effect.fnUntraced(function* ({
    body,
    header
  }: Tar.Entry<DatasetInvalid | DatasetUnreadable | Tar.TarError>) {
    numEntries += 1
    if (numEntries > maxEntries) return yield* tooLarge
    const part = parts.find(({ name }) => header.path.replace(/^\.\//, "") === `${folder}/${name}`)
    if (part === undefined) return
    const where = `${folder}/${part.name} in ${path}`
    if (found.has(part.name)) return yield* invalid(about, where, "two files", "must be there once")
    if (header.type !== "File") {
      return yield* invalid(about, where, header.type, "must be a file, and no link is followed")
    }
    const { size } = header
    if (size < part.minBytes || size > part.maxBytes) {
      return yield* invalid(about, where, `${size} bytes`, `must be ${lengthOf(part)}`)
    }
    allowed += size
    found.add(part.name)
    if (wanted.includes(part.name)) yield* take(part, body, size)
  })
  yield* Stream.pipeThroughChannel(unpacked, Tar.decode<DatasetInvalid | DatasetUnreadable>()).pipe(
    Stream.runForEach(visit),
    Effect.mapError((error) =>
      error._tag === "TarError"
        ? invalid(about, path, "an archive", `tar: ${line(error.message.slice(0, maxWords))}`)
        : error
    )
  )

  const { corrupt, sha256 } = digests.end(path, `remove the file; ${about.installHint}`)
  for (const part of parts.filter(({ name }) => wanted.includes(name) && !found.has(name))) {
    const where = `${folder}/${part.name} in ${path}`
    return yield* invalid(about, where, "nothing", `must be a file of ${lengthOf(part)}`)
  }
  if (corrupt !== undefined) return yield* corrupt
  return sha256
}, Effect.scoped)

const bytesOf = Effect.fnUntraced(function* <E>(body: Stream.Stream<Uint8Array, E>, size: number) {
  const bytes = new Uint8Array(size)
  let filled = 0
  yield* Stream.runForEach(body, (chunk) =>
    Effect.sync(() => {
      bytes.set(chunk, filled)
      filled += chunk.length
    })
  )
  return bytes
})

/** Unpacks as much at a time as is asked for, and closes `stored` when nobody asks any more. */
const gunzipped = <E>(
  stored: Stream.Stream<Uint8Array, DatasetUnreadable>,
  malformed: (problem: string) => E
): Stream.Stream<Uint8Array, E | DatasetUnreadable> =>
  Stream.unwrap(
    Effect.map(Stream.toAsyncIterableEffect(stored), (chunks) => {
      const gunzip = createGunzip({ chunkSize })
      // Errors of both are those of whoever reads from it.
      pipeline(Readable.from(chunks), gunzip, () => {})
      return Stream.fromAsyncIterable<Uint8Array, E | DatasetUnreadable>(gunzip, (cause) =>
        cause instanceof DatasetUnreadable
          ? cause
          : malformed(cause instanceof Error ? cause.message : String(cause))
      )
    })
  )
