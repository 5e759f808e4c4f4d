import { randomBytes } from "node:crypto"
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync
} from "node:fs"

/**
 * Reading and writing as `@moco/core/SafeFile` does it, for programs that have not loaded Effect, and for the set-up: plain
 * functions that throw.
 */

/**
 * The bytes of a regular file. It is opened without waiting for a pipe's writer.
 *
 * @throws where it is no regular file or larger than `maxBytes`
 */
export const readBytes = (path: string, maxBytes: number): Buffer => {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const info = fstatSync(file)
    if (!info.isFile()) throw new Error(`${path} is no regular file`)
    if (info.size > maxBytes) {
      throw new Error(`${path} has ${info.size} bytes, and ${maxBytes} are read at most`)
    }
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

/**
 * The bytes `start` to `end - 1` of a regular file.
 *
 * @throws where it is no regular file, where these are more than `maxBytes`, or where it ends before them
 */
export const readPart = (
  path: string,
  { end, start }: { readonly start: number; readonly end: number },
  maxBytes: number
): Buffer => {
  if (end - start > maxBytes) throw new Error(`it has ${end - start} bytes, and ${maxBytes} are read at most`)
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(file).isFile()) throw new Error(`${path} is no regular file`)
    const bytes = Buffer.allocUnsafeSlow(end - start)
    for (let filled = 0; filled < bytes.length; ) {
      const count = readSync(file, bytes, filled, bytes.length - filled, start + filled)
      if (count === 0) throw new Error(`${path} ends at byte ${start + filled}`)
      filled += count
    }
    return bytes
  } finally {
    closeSync(file)
  }
}

/** Writes a file as a whole or not at all; what has the name is replaced, and must be a regular file. */
export const replace = (path: string, content: string | Uint8Array): void => {
  const found = lstatOf(path)
  if (found !== undefined && !found.isFile()) throw new Error(`${path} is no regular file`)
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`
  const file = openSync(draft, "wx")
  try {
    writeFileSync(file, content)
    fsyncSync(file)
    renameSync(draft, path)
  } catch (cause) {
    rmSync(draft, { force: true })
    throw cause
  } finally {
    closeSync(file)
  }
}

const lstatOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })
