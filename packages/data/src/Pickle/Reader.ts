import { PickleFault } from "./values.ts"

/** The longest line of text between opcodes. */
const maxLine = 256

/** Reads numbers and strings one after the other; what would be read beyond the end is a fault. */
export class Reader {
  readonly bytes: Uint8Array
  readonly view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** The next `length` bytes, a view. */
  take(length: number): Uint8Array {
    const left = this.bytes.length - this.at
    if (!(length <= left)) throw new PickleFault(`${left} bytes left`, `must be ${length} or more`)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  uint8(): number {
    return this.take(1)[0]!
  }

  uint16(): number {
    this.take(2)
    return this.view.getUint16(this.at - 2, true)
  }

  int32(): number {
    this.take(4)
    return this.view.getInt32(this.at - 4, true)
  }

  uint32(): number {
    this.take(4)
    return this.view.getUint32(this.at - 4, true)
  }

  /** A whole number of up to 8 bytes, two's complement; those that JavaScript counts exactly. */
  long(numBytes: number): number {
    if (numBytes > 8) throw new PickleFault(`${numBytes} bytes`, "must be a number of at most 8 bytes")
    const bytes = this.take(numBytes)
    let value = 0n
    for (const [place, byte] of bytes.entries()) value |= BigInt(byte) << BigInt(8 * place)
    const number = Number(BigInt.asIntN(8 * numBytes, value))
    if (!Number.isSafeInteger(number)) throw new PickleFault(String(number), "must be below 2^53")
    return number
  }

  /** Text up to the end of a line. */
  line(): string {
    const end = this.bytes.subarray(this.at, this.at + maxLine).indexOf(0x0a)
    if (end < 0) throw new PickleFault("no end", `must be a line of at most ${maxLine} bytes`)
    const text = new TextDecoder().decode(this.take(end))
    this.take(1)
    return text
  }
}
