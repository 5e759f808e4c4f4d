import * as SafeFile from "@moco/core/SafeFile"
import { Effect, type FileSystem, Option, type Path } from "effect"
import { DatasetMissing } from "./Dataset/errors.ts"
import { digesting } from "./Digest.ts"
import type { KnownFile } from "./KnownFile.ts"
import { type Format, type Formats, locate } from "./Parts/locate.ts"
import { invalid, lengthOf, type Part, type ReadPart, unreadable } from "./Parts/Part.ts"
import { readParts } from "./Parts/TarGz.ts"
import type { Found, Whereabouts } from "./PublishedFile.ts"

export type { Format, Formats } from "./Parts/locate.ts"
export { invalid, type Part, partOf, type ReadPart, unreadable } from "./Parts/Part.ts"

/** Says which archive, or which files, would be read; not whether their bytes are right. */
export const find = Effect.fnUntraced(function* (
  formats: Formats<Format>,
  searchDirs: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyArray<Found>, never, FileSystem.FileSystem | Path.Path> {
  const place = yield* locate(formats, ({ parts }) => parts.map(({ name }) => name), searchDirs)
  if ("missing" in place) return [{ file: place.missing, path: Option.none() }]
  if ("paths" in place) return Array.from(place.paths, ([file, path]) => ({ file, path: Option.some(path) }))
  return [{ file: place.format.archive ?? place.archive, path: Option.some(place.archive) }]
})

/** The archives of the formats, and all files that may lie unpacked. */
export const knownFiles = (formats: Formats<Format>): ReadonlyArray<KnownFile> =>
  formats.flatMap(({ archive, digest, folder, parts }) => [
    ...(archive === undefined ? [] : [{ name: archive, digest }]),
    ...parts.map(
      ({ digest, maxBytes, minBytes, name }): KnownFile => ({
        name,
        folder,
        numBytes: [minBytes, maxBytes],
        digest
      })
    )
  ])

/** {@link locate} for what must be there. */
export const placeOf = Effect.fnUntraced(function* <F extends Format>(
  formats: Formats<F>,
  namesOf: (format: F) => ReadonlyArray<string>,
  { dataset, installHint, searchDirs }: Whereabouts
) {
  const place = yield* locate(formats, namesOf, searchDirs)
  if (!("missing" in place)) return place
  const missing = { dataset, file: place.missing, searched: [...searchDirs], hint: installHint }
  return yield* new DatasetMissing(missing)
})

/**
 * Reads parts of a data set as a whole, from its archive or its folder, and checks that they are the published ones, as
 * far as that is known.
 *
 * @param namesOf  the parts of a format that are read
 * @returns the format that was found, its parts in the order of their names, and SHA-256 by file that was read
 */
export const read = Effect.fn("Parts.read")(function* <F extends Format>(
  formats: Formats<F>,
  namesOf: (format: F) => ReadonlyArray<string>,
  about: Whereabouts
) {
  const place = yield* placeOf(formats, namesOf, about)
  const { format } = place
  const names = namesOf(format)
  if ("archive" in place) {
    const { bytes, sha256 } = yield* readParts(place.archive, format, names, about)
    const parts = names.map((name): ReadPart => {
      const origin = `${format.folder}/${name} in ${place.archive}`
      return { name, origin, bytes: bytes.get(name)! }
    })
    return { format, parts, sha256: { [format.archive ?? place.archive]: sha256 } }
  }
  const parts: Array<ReadPart> = []
  const sha256: Record<string, string> = {}
  for (const name of names) {
    const file = place.paths.get(name)!
    const { bytes, hash } = yield* readPart(file, format.parts.find((part) => part.name === name)!, about)
    parts.push({ name, origin: file, bytes })
    sha256[name] = hash
  }
  return { format, parts, sha256 }
})

const readPart = Effect.fnUntraced(function* (file: string, part: Part, about: Whereabouts) {
  const bytes = yield* Effect.mapError(
    SafeFile.readBytes(file, { maxBytes: part.maxBytes }),
    unreadable(file)
  )
  const digests = digesting(part.digest)
  digests.update(bytes)
  const { corrupt, sha256: hash } = digests.end(file, `remove the file; ${about.installHint}`)
  if (bytes.length < part.minBytes) {
    return yield* invalid(about, file, `${bytes.length} bytes`, `must be ${lengthOf(part)}`)
  }
  if (corrupt !== undefined) return yield* corrupt
  return { bytes, hash }
})
