import * as SafeFile from "@moco/core/SafeFile"
import { Effect } from "effect"
import { type Digest, digesting } from "../Digest.ts"
import * as ImageSource from "../ImageSource.ts"
import { invalid, unreadable } from "../Parts.ts"
import type { Whereabouts } from "../PublishedFile.ts"
import { interleave, numValues, type Planes } from "./planes.ts"

/** A file of the planes of images of one size, one image after the other and nothing else. */
export interface PlanesFile {
  readonly path: string
  readonly numImages: number
  readonly planes: Planes
  readonly digest?: Digest | undefined
}

/** Bytes that are held while a file is checked. */
const chunkSize = 2 ** 22

/** Images that are read at the same time. */
const concurrency = 8

/**
 * Images that are too many for the memory: each is read from the file when it is asked for. The file stays open until the
 * Scope ends. Where its digest is known it is read once as a whole to begin with, 4 MiB at a time.
 */
export const open = Effect.fn("InFile.open")(function* (
  { digest, numImages, path, planes }: PlanesFile,
  { provenance }: { readonly provenance: Omit<ImageSource.Provenance, "sha256"> },
  about: Whereabouts
) {
  const size = numValues(planes)
  const numBytes = numImages * size
  const file = yield* Effect.mapError(SafeFile.openToRead(path, { maxBytes: numBytes }), unreadable(path))
  const problem = `must be ${numBytes} bytes, ${numImages} images of ${size}`
  if (file.size !== numBytes) return yield* invalid(about, path, `${file.size} bytes`, problem)
  const readBytes = Effect.fnUntraced(function* (start: number, end: number) {
    const bytes = yield* Effect.mapError(file.read(start, end), unreadable(path))
    if (bytes.length === end - start) return bytes
    return yield* invalid(
      about,
      path,
      `${start + bytes.length} bytes`,
      `${problem}, as it had when it was opened`
    )
  })

  let sha256: string | undefined
  if (digest !== undefined) {
    const digests = digesting(digest)
    for (let start = 0; start < numBytes; start += chunkSize) {
      digests.update(yield* readBytes(start, Math.min(numBytes, start + chunkSize)))
    }
    const end = digests.end(path, `remove the file; ${about.installHint}`)
    if (end.corrupt !== undefined) return yield* end.corrupt
    sha256 = end.sha256
  }

  const { channels, height, width } = planes
  const readOne = (index: number) =>
    Effect.map(readBytes(index * size, (index + 1) * size), (bytes): ImageSource.Image => {
      const pixels_HWC = new Uint8Array(size)
      interleave(planes, bytes, 0, pixels_HWC, 0)
      return { pixels_HWC, height, width }
    })
  return ImageSource.make({
    numImages,
    size: { kind: "fixed", height, width },
    channels,
    classes: undefined,
    labels: undefined,
    provenance: { ...provenance, sha256: sha256 === undefined ? {} : { [path]: sha256 } },
    read: (indices) => Effect.forEach(indices, readOne, { concurrency })
  })
})
