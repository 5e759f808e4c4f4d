import { ParquetFault } from "./Fault.ts"

/** Structures within structures; a footer has six. */
const maxDepth = 32

/** Types of Thrift's compact protocol. */
const type = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12
} as const

/** Bytes of a number in groups of seven bits; 64 bits have ten. */
const maxVarint = 10

/**
 * Passes over a structure in Thrift's compact protocol, in which Parquet's footer and its page headers are written, and
 * makes nothing of it. What the library reads afterwards it reads by the lengths in it: after this these are known to be
 * within the bytes, and no list to be longer than them.
 *
 * @returns where the structure ends; nothing where the bytes end before
 */
export const skim = (bytes: Uint8Array, from: number): number | undefined => {
  let at = from
  const end = Symbol("end of the bytes")
  const uint8 = (): number => {
    if (at >= bytes.length) throw end
    return bytes[at++]!
  }
  const varint = (): number => {
    let value = 0
    for (let place = 0; place < maxVarint; place++) {
      const byte = uint8()
      value += (byte & 0x7f) * 2 ** (7 * place)
      if (byte < 0x80) return value
    }
    throw new ParquetFault("a number of more than ten bytes", "must be shorter")
  }
  const skip = (count: number): void => {
    if (count > bytes.length - at) throw end
    at += count
  }
  const element = (kind: number, depth: number): void => {
    switch (kind) {
      case type.true:
      case type.false:
        return
      case type.byte:
        skip(1)
        return
      case type.i16:
      case type.i32:
      case type.i64:
        varint()
        return
      case type.double:
        skip(8)
        return
      case type.binary:
        skip(varint())
        return
      case type.list:
        list(depth)
        return
      case type.struct:
        struct(depth + 1)
        return
      default:
        throw new ParquetFault(`type ${kind}`, "must be one that Parquet has")
    }
  }
  const list = (depth: number): void => {
    const head = uint8()
    const size = head >> 4 === 15 ? varint() : head >> 4
    if (size > bytes.length - at) throw end
    const kind = head & 0x0f
    // In a list, unlike in a structure, they have a byte each.
    const isBoolean = kind === type.true || kind === type.false
    for (let item = 0; item < size; item++) element(isBoolean ? type.byte : kind, depth + 1)
  }
  const struct = (depth: number): void => {
    if (depth > maxDepth)
      throw new ParquetFault("structures within structures", `must be ${maxDepth} at most`)
    while (true) {
      const head = uint8()
      if ((head & 0x0f) === type.stop) return
      if (head >> 4 === 0) varint()
      element(head & 0x0f, depth)
    }
  }
  try {
    struct(0)
    return at
  } catch (thrown) {
    if (thrown === end) return undefined
    throw thrown
  }
}
