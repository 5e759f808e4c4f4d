import { ParquetFault } from "./Fault.ts"

/**
 * Reads whole numbers that are written as runs: of one that is repeated, or of some that are packed bit by bit. No more is
 * made than is asked for, however long a run says that it is.
 *
 * @param width  bits of a number
 */
export const readRuns = (bytes: Uint8Array, width: number, count: number): Int32Array => {
  if (width > 32) throw new ParquetFault(`numbers of ${width} bits`, "must have at most 32")
  const numbers = new Int32Array(count)
  let [at, filled] = [0, 0]
  const uint8 = (): number => {
    if (at >= bytes.length) throw new ParquetFault(`${filled} numbers in runs`, `must be ${count}`)
    return bytes[at++]!
  }
  while (filled < count) {
    const head = varint(uint8)
    const length = Math.floor(head / 2)
    if (head % 2 === 0) {
      let value = 0
      for (let byte = 0; byte < Math.ceil(width / 8); byte++) value |= uint8() << (8 * byte)
      const end = Math.min(count, filled + length)
      // A run of none would have no end.
      if (end === filled && length === 0) continue
      numbers.fill(value, filled, end)
      filled = end
      continue
    }
    const wanted = Math.min(count - filled, 8 * length)
    unpack(bytes, at, width, numbers.subarray(filled, filled + wanted))
    filled += wanted
    // The last run may be cut where its numbers end.
    at = Math.min(bytes.length, at + length * width)
  }
  return numbers
}

const varint = (uint8: () => number): number => {
  let value = 0
  for (let place = 0; place < 5; place++) {
    const byte = uint8()
    value += (byte & 0x7f) * 2 ** (7 * place)
    if (byte < 0x80) return value
  }
  throw new ParquetFault("the length of a run", "must be shorter")
}

/** Numbers of `width` bits each, the lowest bit first. */
const unpack = (bytes: Uint8Array, from: number, width: number, into: Int32Array): void => {
  if (Math.ceil((into.length * width) / 8) > bytes.length - from) {
    throw new ParquetFault(`${into.length} packed numbers`, "must be within their page")
  }
  for (let place = 0; place < into.length; place++) {
    let value = 0
    for (let bit = 0; bit < width; bit++) {
      const at = place * width + bit
      value |= ((bytes[from + (at >> 3)]! >> (at & 7)) & 1) << bit
    }
    into[place] = value
  }
}
