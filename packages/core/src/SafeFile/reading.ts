import { ByteSize, Effect, FileSystem } from "effect"
import { notRegular, refuse } from "./FileRefused.ts"

/** How much of a file is read at most. */
export interface ReadLimit {
  readonly maxBytes: number
}

/**
 * A regular file that stays open until its Scope ends, to be read in parts.
 *
 * What is no regular file (a pipe, a device, a socket, a folder) is refused before it is opened: to open a pipe waits for
 * its writer, and a device may have no end. A link to a regular file is followed.
 *
 * @returns `size` in bytes when it was opened, and `read` for the bytes `start` to `end - 1`, see {@link readRange}
 */
export const openToRead = Effect.fn("SafeFile.openToRead")(function* (path: string, limit: ReadLimit) {
  const fileSystem = yield* FileSystem.FileSystem
  yield* sizeOf(path, yield* fileSystem.stat(path), limit)
  const file = yield* fileSystem.open(path, { flag: "r" })
  // Asked again of what was opened: the name may lead to another file by now.
  const size = yield* sizeOf(path, yield* file.stat, limit)
  return { size, read: (start: number, end: number) => readRange(file, start, end) }
})

/**
 * The bytes of a regular file, as many as it has when it is opened, see {@link openToRead}. A file under /proc says that
 * it has no bytes, and so none are read.
 */
export const readBytes = Effect.fn("SafeFile.readBytes")(function* (path: string, limit: ReadLimit) {
  const { read, size } = yield* openToRead(path, limit)
  return yield* read(0, size)
}, Effect.scoped)

/** The text of a regular file, see {@link readBytes}. */
export const readText = (path: string, limit: ReadLimit) =>
  Effect.map(readBytes(path, limit), (bytes) => new TextDecoder().decode(bytes))

/** The last bytes of a regular file, `maxBytes` of them or as many as it has, and where in the file they begin. */
export const readTail = Effect.fn("SafeFile.readTail")(function* (path: string, { maxBytes }: ReadLimit) {
  const fileSystem = yield* FileSystem.FileSystem
  const unlimited = { maxBytes: Number.POSITIVE_INFINITY }
  yield* sizeOf(path, yield* fileSystem.stat(path), unlimited)
  const file = yield* fileSystem.open(path, { flag: "r" })
  const size = yield* sizeOf(path, yield* file.stat, unlimited)
  const start = Math.max(0, size - maxBytes)
  return { bytes: yield* readRange(file, start, size), start }
}, Effect.scoped)

/** Refuses what is no regular file, or too large; else gives its length. */
export const sizeOf = Effect.fnUntraced(function* (
  path: string,
  { size, type }: FileSystem.File.Info,
  { maxBytes }: ReadLimit
) {
  if (type !== "File") {
    return yield* refuse("read", path, notRegular(type), "put a regular file in its place, or remove it")
  }
  const bytes = Number(ByteSize.toBigInt(size))
  if (bytes > maxBytes) {
    const reason = `it has ${bytes} bytes, and ${maxBytes} are read at most`
    return yield* refuse("read", path, reason, "check that it is the file that you mean")
  }
  return bytes
})

/** A read of more than 2 GiB is more than the system does at once. */
const maxBytesAtOnce = 2 ** 30

/** Bytes `start` to `end` of an open file; fewer where it has been cut meanwhile. */
export const readRange = Effect.fnUntraced(function* (file: FileSystem.File, start: number, end: number) {
  const bytes = Buffer.allocUnsafeSlow(end - start)
  let filled = 0
  while (filled < bytes.length) {
    const rest = bytes.subarray(filled, filled + maxBytesAtOnce)
    const count = yield* file.read(rest, { position: BigInt(start + filled) })
    if (count === 0) break
    filled += count
  }
  const read: Uint8Array = bytes.subarray(0, filled)
  return read
})
