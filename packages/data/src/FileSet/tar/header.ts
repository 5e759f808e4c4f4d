import { isUtf8 } from "node:buffer"
import { Result } from "effect"

/** Everything in an archive begins at a multiple of this. */
export const blockBytes = 512

/** What a member is, by its type's letter: `file` has bytes that are its own; `pax` and `longName` tell of the next one. */
export type MemberKind =
  | "file"
  | "folder"
  | "link"
  | "device"
  | "pax"
  | "paxForAll"
  | "longName"
  | "longLink"
  | "other"

/** What a member's header says. */
export interface Header {
  readonly kind: MemberKind
  /** Its prefix and its name; whatever bytes they are. */
  readonly name: string
  /** Bytes that follow, before they are filled up to a whole block. */
  readonly size: number
  /** GNU's form of a file with holes, whose header goes on in further blocks. */
  readonly isSparse: boolean
}

/** What is wrong with bytes of an archive. */
export interface TarFault {
  readonly value: string
  readonly problem: string
}

const kinds: Readonly<Record<string, MemberKind>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "link",
  "2": "link",
  "3": "device",
  "4": "device",
  "5": "folder",
  "6": "device",
  x: "pax",
  X: "pax",
  g: "paxForAll",
  L: "longName",
  K: "longLink"
}

/** Where a header keeps what: the first byte, and the one behind the last. */
const fields = {
  name: [0, 100],
  size: [124, 136],
  checksum: [148, 156],
  kind: [156, 157],
  magic: [257, 263],
  prefix: [345, 500]
} as const

/**
 * Reads a header of a tar archive: ustar, GNU's, or the oldest, which has no magic bytes; it is known by its checksum.
 *
 * @param block  {@link blockBytes} bytes
 */
export const readHeader = (block: Uint8Array): Result.Result<Header, TarFault> => {
  const sum = numberAt(block, fields.checksum)
  if (sum === undefined || (sum !== checksumOf(block, 0) && sum !== checksumOf(block, 256))) {
    return Result.fail({ value: "another checksum", problem: "must be the header of a member" })
  }
  const letter = textAt(block, fields.kind) || "\0"
  const size = numberAt(block, fields.size)
  if (size === undefined || !Number.isSafeInteger(size)) {
    return Result.fail({ value: "no size", problem: "must be the size of a member" })
  }
  const kind = kinds[letter] ?? "other"
  const prefix = textAt(block, fields.magic) === "ustar" ? textAt(block, fields.prefix) : ""
  const name = textAt(block, fields.name)
  return Result.succeed({
    kind,
    name: prefix === "" ? name : `${prefix}/${name}`,
    isSparse: letter === "S",
    // Some programs give links the size of what they lead to, and nothing follows them.
    size: kind === "link" || kind === "device" || kind === "folder" ? 0 : size
  })
}

/** Whether a block is one of the zeros that an archive ends with. */
export const isZeros = (block: Uint8Array): boolean => block.every((byte) => byte === 0)

/** The sum of the header's bytes, those of the checksum taken for spaces; old programs took bytes for signed: `wrap` 256. */
const checksumOf = (block: Uint8Array, wrap: number): number => {
  let sum = 0
  for (let at = 0; at < blockBytes; at++) {
    const isOwn = at >= fields.checksum[0] && at < fields.checksum[1]
    const byte = isOwn ? 0x20 : block[at]!
    sum += byte >= 128 ? byte - wrap : byte
  }
  return sum
}

/** Octal digits, or, where the first bit is set, the bits behind it: GNU's way to write sizes of 8 GiB and more. */
const numberAt = (block: Uint8Array, [from, to]: readonly [number, number]): number | undefined => {
  if (block[from]! & 0x80) {
    let value = block[from]! & 0x7f
    for (let at = from + 1; at < to; at++) value = value * 256 + block[at]!
    return value
  }
  const digits = latin1
    .decode(block.subarray(from, to))
    .replace(/[\0 ]+$/, "")
    .trimStart()
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || "0", 8) : undefined
}

/** Up to the first zero. */
const textAt = (block: Uint8Array, [from, to]: readonly [number, number]): string =>
  nameOf(block.subarray(from, to))

/** A name up to its end; one of an older encoding by its bytes, so that two names are two. */
export const nameOf = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0)
  const name = end < 0 ? bytes : bytes.subarray(0, end)
  return isUtf8(name) ? utf8.decode(name) : latin1.decode(name)
}

const utf8 = new TextDecoder()
const latin1 = new TextDecoder("latin1")

/** What a pax header changes of the member that follows. */
export interface PaxChanges {
  readonly path?: string
  readonly size?: number
  /** The bytes that follow are not the file's own, but what is left of it without its holes. */
  readonly isSparse?: boolean
}

/** Reads a pax header: lines of `LENGTH KEY=VALUE`, the length being that of the whole line. */
export const readPax = (bytes: Uint8Array): Result.Result<PaxChanges, TarFault> => {
  const changes: { path?: string; size?: number; isSparse?: boolean } = {}
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(0x20, at)
    const length =
      space < 0 || space - at > 20 ? Number.NaN : Number(latin1.decode(bytes.subarray(at, space)))
    const end = at + length
    if (!(Number.isInteger(length) && end > space + 1 && end <= bytes.length && bytes[end - 1] === 0x0a)) {
      return Result.fail({ value: `a line at byte ${at} of it`, problem: "must be a line of a pax header" })
    }
    const line = bytes.subarray(space + 1, end - 1)
    const equals = line.indexOf(0x3d)
    const key = utf8.decode(line.subarray(0, Math.max(0, equals)))
    const value = utf8.decode(line.subarray(equals + 1))
    if (key === "path") changes.path = value
    if (key.startsWith("GNU.sparse.")) changes.isSparse = true
    if (key === "size") {
      if (!/^\d{1,15}$/.test(value)) {
        return Result.fail({ value: "no size", problem: "must be the size of a member, in digits" })
      }
      changes.size = Number(value)
    }
    at = end
  }
  return Result.succeed(changes)
}
