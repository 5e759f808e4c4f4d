/** Messages as protocol buffers write them (protobuf.dev, "Encoding"): one field after another, each with its number. */

/** A field with its number and its value, or several in a row: a message is the fields that it has. */
export type Fields = Uint8Array

const varintType = 0
const bits64Type = 1
const lengthType = 2
const bits32Type = 5

/** An integer from 0 to 2^53 - 1, seven bits a byte, the lowest first. */
const varint = (value: number): ReadonlyArray<number> => {
  const bytes: Array<number> = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return bytes
}

const key = (field: number, wireType: number) => varint(field * 8 + wireType)

/** The parts one after another. */
export const concat = (parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const part of parts) {
    all.set(part, end)
    end += part.length
  }
  return all
}

const fixed = (field: number, wireType: number, values: Float32Array | Float64Array): Fields =>
  concat([Uint8Array.from(key(field, wireType)), littleEndian(values)])

/** Numbers with the lowest byte first, whatever the machine's order is. */
const littleEndian = (values: Float32Array | Float64Array): Uint8Array => {
  const size = values.BYTES_PER_ELEMENT
  const bytes = new Uint8Array(values.length * size)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of values.entries()) {
    if (size === 4) view.setFloat32(index * size, value, true)
    else view.setFloat64(index * size, value, true)
  }
  return bytes
}

/** An integer from 0 to 2^53 - 1, as a field of any integer type or of an enumeration. */
export const integer = (field: number, value: number): Fields =>
  Uint8Array.from([...key(field, varintType), ...varint(value)])

export const double = (field: number, value: number): Fields =>
  fixed(field, bits64Type, Float64Array.of(value))

/** A number rounded to float32. */
export const float = (field: number, value: number): Fields =>
  fixed(field, bits32Type, Float32Array.of(value))

export const bytes = (field: number, value: Uint8Array): Fields =>
  concat([Uint8Array.from([...key(field, lengthType), ...varint(value.length)]), value])

export const text = (field: number, value: string): Fields => bytes(field, new TextEncoder().encode(value))

/** A message within a message. */
export const message = (field: number, ...fields: ReadonlyArray<Fields>): Fields =>
  bytes(field, concat(fields))

/** A repeated field of doubles, packed. */
export const doubles = (field: number, values: ReadonlyArray<number>): Fields =>
  bytes(field, littleEndian(Float64Array.from(values)))
