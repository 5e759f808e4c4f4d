const ascii = (text: string) => Buffer.from(text, "latin1")

/** A string of Python 2. */
const string = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length < 256) return Buffer.concat([Uint8Array.of(0x55, bytes.length), bytes])
  const head = Buffer.alloc(5)
  head[0] = 0x54
  head.writeUInt32LE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const integer = (value: number): Uint8Array => {
  if (value >= 0 && value < 256) return Uint8Array.of(0x4b, value)
  const bytes = Buffer.alloc(5)
  bytes[0] = 0x4a
  bytes.writeInt32LE(value, 1)
  return bytes
}

const tuple2 = (first: number, second: number) =>
  Buffer.concat([integer(first), integer(second), Uint8Array.of(0x86)])

/** `name` of a module, as it is looked up. */
export const global = (module: string, name: string) => ascii(`c${module}\n${name}\n`)

/** A value as bytes of a pickle: a list of numbers, or an array of unsigned bytes of two dimensions. */
export type Pickled =
  | ReadonlyArray<number>
  | { readonly shape: readonly [number, number]; readonly data: Uint8Array }
  | Uint8Array

const isArray = (value: Pickled): value is Exclude<Pickled, ReadonlyArray<number> | Uint8Array> =>
  "shape" in value

const valueOf = (value: Pickled): Uint8Array => {
  if (value instanceof Uint8Array) return value
  if (!isArray(value)) {
    return Buffer.concat([ascii("]("), ...value.map(integer), ascii("e")])
  }
  const [numRows, numColumns] = value.shape
  return Buffer.concat([
    global("numpy.core.multiarray", "_reconstruct"),
    global("numpy", "ndarray"),
    Uint8Array.of(...integer(0), 0x85),
    string(ascii("b")),
    ascii("\x87R("),
    integer(1),
    tuple2(numRows, numColumns),
    global("numpy", "dtype"),
    string(ascii("u1")),
    integer(0),
    integer(1),
    ascii("\x87R("),
    integer(3),
    string(ascii("|")),
    ascii("NNN"),
    integer(-1),
    integer(-1),
    integer(0),
    ascii("tb\x89"),
    string(value.data),
    ascii("tb")
  ])
}

/** A pickled dictionary, as Python 2 writes it with protocol 2; bytes are put in as they are. */
export const pickle = (entries: Readonly<Record<string, Pickled>>): Uint8Array =>
  Buffer.concat([
    ascii("\x80\x02}("),
    ...Object.entries(entries).flatMap(([key, value]) => [string(ascii(key)), valueOf(value)]),
    ascii("u.")
  ])
