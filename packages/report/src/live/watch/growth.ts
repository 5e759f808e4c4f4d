import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Option } from "effect"

/** How far a file of lines has been read. */
export interface Place {
  /** Bytes that were read. */
  readonly at: number
  /** The last of them; they tell whether the file is still the one that was read. */
  readonly seen: Uint8Array
  /** What stands behind the last end of a line: a line that is still being written. */
  readonly torn: Uint8Array
  /** How the file looked; nothing where there is none, or more of it is to be read. */
  readonly look: string | undefined
}

/** Before anything is read. */
export const start: Place = { at: 0, seen: new Uint8Array(), torn: new Uint8Array(), look: undefined }

/** What has come to a file. */
export interface Growth {
  readonly place: Place
  /** Whole lines, oldest first. */
  readonly lines: ReadonlyArray<string>
  /** Whether the file begins anew with them: it was cut, or replaced, or removed. */
  readonly isAnew: boolean
  readonly isThere: boolean
  /** Whether there is more to read at once. */
  readonly hasMore: boolean
}

/** How much is read at once. */
interface GrowthBounds {
  readonly bytesAtOnce: number
  readonly maxLineBytes: number
}

const usualBounds: GrowthBounds = { bytesAtOnce: 2 ** 22, maxLineBytes: 2 ** 26 }

/** Bytes of `seen`. A line of a log has its time among them, so that another one does not look like it. */
const seenBytes = 256

const newline = 0x0a

/**
 * The whole lines that have come to the file at `path` since `place`; only what is new is read. A file that was cut, even
 * where it has grown beyond the old end since, or that another has replaced, is read from its beginning.
 */
export const growthOf = Effect.fn("watch.growthOf")(function* (
  path: string,
  place: Place,
  bounds: GrowthBounds = usualBounds
) {
  const look = yield* lookOf(path)
  if (look === undefined) return absent(place)
  if (look === place.look) return nothing(place)
  const { read, size } = yield* SafeFile.openToRead(path, { maxBytes: Number.POSITIVE_INFINITY })
  const { seen } = place
  const isSame = size >= place.at && Buffer.compare(yield* read(place.at - seen.length, place.at), seen) === 0
  const from = isSame ? place : start
  const bytes = yield* read(from.at, Math.min(size, from.at + bounds.bytesAtOnce))
  const at = from.at + bytes.length
  const text = Buffer.concat([from.torn, bytes])
  const end = text.lastIndexOf(newline) + 1
  const torn = Uint8Array.from(text.subarray(end))
  if (torn.length > bounds.maxLineBytes) {
    const reason = `it has a line of more than ${bounds.maxLineBytes} bytes`
    return yield* SafeFile.refuse("read", path, reason, "check that it is the file that you mean")
  }
  const hasMore = at < size && bytes.length > 0
  const growth: Growth = {
    place: {
      at,
      torn,
      seen: Uint8Array.from(Buffer.concat([from.seen, bytes]).subarray(-seenBytes)),
      look: hasMore ? undefined : look
    },
    lines: text.toString("utf8", 0, end).split("\n").slice(0, -1),
    isAnew: !isSame,
    isThere: true,
    hasMore
  }
  return growth
}, Effect.scoped)

/** What a file looks like from outside: where that is the same, so is what is in it. Nothing where there is none. */
export const lookOf = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const info = yield* Effect.option(fileSystem.stat(path))
  if (Option.isNone(info)) return undefined
  const { ino, mtime, size } = info.value
  return [
    Option.getOrElse(ino, () => 0n),
    size,
    Option.match(mtime, { onNone: () => 0, onSome: Number })
  ].join(" ")
})

const nothing = (place: Place): Growth => ({
  place,
  lines: [],
  isAnew: false,
  isThere: true,
  hasMore: false
})

const absent = ({ at }: Place): Growth => ({
  place: start,
  lines: [],
  isAnew: at > 0,
  isThere: false,
  hasMore: false
})
