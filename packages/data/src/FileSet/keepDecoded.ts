import { statfs } from "node:fs/promises"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Exit, type FileSystem, Semaphore } from "effect"
import { channelsOfFiles } from "../Decode/options.ts"
import type { FileSet } from "../FileSet.ts"
import type { Image } from "../ImageSource.ts"

/** Where an image's pixels are in the scratch file. */
interface Kept {
  readonly start: number
  readonly height: number
  readonly width: number
}

/**
 * Keeps the pixels of every image that was decoded in a scratch file: the next time they are read, and not decoded. What
 * is read is the same with it and without.
 *
 * The file has no name, and is gone with the Scope or the process. What it has no room for is decoded whenever it is asked
 * for: there are `maxBytes`, and half of what is free on the disk, for checkpoints have to find room there too. Where the
 * disk fills up all the same, all of it is given back.
 *
 * @param folder  where the file is to be; where it cannot be made, nothing is kept
 */
export const keepDecoded = Effect.fn("FileSet.keepDecoded")(function* (
  set: FileSet,
  { folder, maxBytes }: { readonly folder: string; readonly maxBytes: number }
) {
  const opened = yield* Effect.exit(SafeFile.scratch(folder))
  if (Exit.isFailure(opened)) return set
  const file = opened.value
  const kept = new Map<number, Kept>()
  const oneAtATime = yield* Semaphore.make(1)
  const mostBytes = Math.min(maxBytes, (yield* freeBytes(folder)) / 2)
  let end = 0
  let isFull = false

  /** Whole or not at all: after a part of an image nothing more is written. */
  const keep = (index: number, { height, pixels_HWC, width }: Image) =>
    Effect.suspend(() => {
      if (isFull || kept.has(index)) return Effect.void
      isFull = end + pixels_HWC.length > mostBytes
      if (isFull) return Effect.void
      const start = end
      return Effect.matchEffect(file.writeAll(pixels_HWC), {
        onFailure: () => {
          isFull = true
          kept.clear()
          return Effect.ignore(file.truncate(0))
        },
        onSuccess: () =>
          Effect.sync(() => {
            end += pixels_HWC.length
            kept.set(index, { start, height, width })
          })
      })
    }).pipe(Effect.uninterruptible, oneAtATime.withPermit)

  const keeping: FileSet = {
    ...set,
    decode: (index) => {
      const known = kept.get(index)
      const decoded = Effect.tap(set.decode(index), (image) => keep(index, image))
      return known === undefined ? decoded : Effect.catch(read(file, known), () => decoded)
    }
  }
  return keeping
})

/** What is free on the disk of a folder; nothing where the system does not say. */
const freeBytes = (folder: string) =>
  Effect.promise(() =>
    statfs(folder).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => 0
    )
  )

const read = Effect.fnUntraced(function* (file: FileSystem.File, { height, start, width }: Kept) {
  const numBytes = height * width * channelsOfFiles
  const pixels_HWC = yield* SafeFile.readRange(file, start, start + numBytes)
  return pixels_HWC.length === numBytes ? { height, width, pixels_HWC } : yield* Effect.fail(undefined)
})
