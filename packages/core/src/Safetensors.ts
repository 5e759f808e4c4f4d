import { Effect, Schema } from "effect"

/**
 * The safetensors format (https://github.com/huggingface/safetensors): an 8-byte little-endian header length, a JSON
 * header, then the tensors' bytes, little-endian, one after the other.
 *
 * Typed arrays have the byte order of the machine; every machine that Node and TensorFlow run on is little-endian.
 */

const arrays = { F32: Float32Array, I32: Int32Array, I64: BigInt64Array, U8: Uint8Array } as const

/** Element types that are read and written. */
export type Dtype = keyof typeof arrays

/** A tensor in host memory, last dimension innermost. */
export type HostTensor = {
  readonly [D in Dtype]: {
    readonly dtype: D
    readonly shape: ReadonlyArray<number>
    readonly data: InstanceType<(typeof arrays)[D]>
  }
}[Dtype]

/** What a file holds. */
export interface Contents {
  readonly tensors: Readonly<Record<string, HostTensor>>
  readonly metadata: Readonly<Record<string, string>>
}

/** Bytes that are not a safetensors file; `where` is the part or the tensor at fault. */
export class SafetensorsMalformed extends Schema.TaggedError<SafetensorsMalformed>()("SafetensorsMalformed", {
  where: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `not a valid safetensors file: ${this.where}: ${this.problem}\n  replace the file by a fresh copy`
  }
}

const metadataKey = "__metadata__"
const maxHeaderBytes = 100_000_000
const lengthBytes = 8

/** The number of elements of a shape; above 2^53 it is inexact, and larger than any file. */
const sizeOf = (shape: ReadonlyArray<number>) => shape.reduce((product, dim) => product * dim, 1)

/**
 * Writes tensors, wider element types first and then by name, so that equal contents give equal bytes and every
 * tensor is aligned to its element.
 *
 * @param allocate  gives the bytes, all of them 0: of ordinary memory, or of memory that another thread may read
 * @throws RangeError when a tensor's shape and data differ in size
 */
export const encode = (
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
  allocate: (numBytes: number) => Uint8Array = (numBytes) => new Uint8Array(numBytes)
): Uint8Array => {
  const entries = Object.entries(tensors).sort(
    ([nameA, a], [nameB, b]) =>
      b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (nameA < nameB ? -1 : Number(nameA > nameB))
  )
  const header: Array<readonly [string, unknown]> =
    Object.keys(metadata).length === 0 ? [] : [[metadataKey, metadata]]
  let numBytes = 0
  for (const [name, { data, dtype, shape }] of entries) {
    if (name === metadataKey || sizeOf(shape) !== data.length) {
      throw new RangeError(`tensor ${name} of shape [${shape}] cannot be stored with ${data.length} elements`)
    }
    header.push([name, { dtype, shape, data_offsets: [numBytes, numBytes + data.byteLength] }])
    numBytes += data.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const dataStart = Math.ceil((lengthBytes + json.length) / lengthBytes) * lengthBytes
  const bytes = allocate(dataStart + numBytes).fill(0x20, lengthBytes, dataStart)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - lengthBytes), true)
  bytes.set(json, lengthBytes)
  let offset = dataStart
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset)
    offset += data.byteLength
  }
  return bytes
}

/**
 * Reads what {@link encode} and other writers of the format have written; the arrays are copies.
 *
 * Strict: the header must be JSON of the format's shape without repeated names, and the tensors must cover the data
 * from end to end without gap or overlap. The data itself carries no checksum: a changed value goes unnoticed.
 */
export const decode = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const { dataStart, json } = yield* readHeader(bytes)
  const entries = yield* parseHeader(json)
  const data = bytes.subarray(dataStart)
  yield* checkCoverage(entries.tensors, data.length)
  const tensors = entries.tensors.map(([name, info]) => [name, toHostTensor(info, data)] as const)
  return { tensors: Object.fromEntries(tensors), metadata: entries.metadata } satisfies Contents
})

const malformed = (where: string, problem: string) => new SafetensorsMalformed({ where, problem })

const readHeader = Effect.fnUntraced(function* (bytes: Uint8Array) {
  if (bytes.length < lengthBytes) {
    return yield* malformed(
      "header length",
      `the file has ${bytes.length} bytes, it needs at least ${lengthBytes}`
    )
  }
  const declared = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true)
  const available = bytes.length - lengthBytes
  if (declared > maxHeaderBytes || declared > available) {
    const problem = `${declared} bytes; ${available} bytes follow and at most ${maxHeaderBytes} are read`
    return yield* malformed("header length", problem)
  }
  const dataStart = lengthBytes + Number(declared)
  const json = yield* Effect.try({
    try: () =>
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
        bytes.subarray(lengthBytes, dataStart)
      ),
    catch: () => malformed("header", "is not UTF-8")
  })
  if (json[0] !== "{") return yield* malformed("header", "does not start with {")
  return { dataStart, json }
})

const TensorInfo = Schema.Struct({
  dtype: Schema.Literals(["F32", "I32", "I64", "U8"]),
  shape: Schema.Array(Schema.Natural),
  data_offsets: Schema.Tuple([Schema.Natural, Schema.Natural])
})
type TensorInfo = typeof TensorInfo.Type

const decodeJson = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
)
const decodeMetadata = Schema.decodeUnknownEffect(Schema.Record(Schema.String, Schema.String))
const decodeInfo = Schema.decodeUnknownEffect(TensorInfo, { onExcessProperty: "error", reportInput: true })

const parseHeader = Effect.fnUntraced(function* (json: string) {
  const describe = (where: string) =>
    Effect.mapError((error: Schema.SchemaError) => malformed(where, error.message.replaceAll("\n", " ")))
  const header = yield* describe("header")(decodeJson(json))
  const tensors: Array<readonly [string, TensorInfo]> = []
  let metadata: Contents["metadata"] = {}
  let numNames = 0
  for (const [name, value] of Object.entries(header)) {
    if (name === metadataKey) {
      metadata = yield* describe(metadataKey)(decodeMetadata(value))
      numNames += 1 + Object.keys(metadata).length
    } else {
      tensors.push([name, yield* describe(`tensor ${name}`)(decodeInfo(value))])
      numNames += 1 + Object.keys(TensorInfo.fields).length
    }
  }
  // JSON.parse keeps the last of two equal names, so a repeated name shows only as one name too many in the text.
  if (countNames(json) !== numNames) return yield* malformed("header", "repeats a name")
  return { tensors, metadata }
})

/** In valid JSON every colon outside a string follows a name. */
const countNames = (json: string): number => {
  let count = 0
  let inString = false
  for (let index = 0; index < json.length; index++) {
    const character = json[index]
    if (character === '"') inString = !inString
    else if (inString && character === "\\") index++
    else if (!inString && character === ":") count++
  }
  return count
}

const checkCoverage = Effect.fnUntraced(function* (
  tensors: ReadonlyArray<readonly [string, TensorInfo]>,
  numBytes: number
) {
  const inFileOrder = tensors.toSorted(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1]
  )
  let covered = 0
  for (const [name, { data_offsets, dtype, shape }] of inFileOrder) {
    const [begin, end] = data_offsets
    const needed = sizeOf(shape) * arrays[dtype].BYTES_PER_ELEMENT
    if (begin !== covered) {
      const problem = begin < covered ? "overlaps another tensor" : "leaves a gap before it"
      return yield* malformed(
        `tensor ${name}`,
        `${problem}: it begins at ${begin}, the one before ends at ${covered}`
      )
    }
    if (end - begin !== needed) {
      return yield* malformed(
        `tensor ${name}`,
        `[${shape}] ${dtype} needs ${needed} bytes and has ${end - begin}`
      )
    }
    covered = end
  }
  if (covered !== numBytes) {
    return yield* malformed("data", `the tensors cover ${covered} bytes, the file has ${numBytes}`)
  }
})

const toHostTensor = (
  { data_offsets: [begin, end], dtype, shape }: TensorInfo,
  data: Uint8Array
): HostTensor => {
  // Not `slice`: a Buffer's shares memory, and other writers do not align tensors to their elements.
  const copy = new Uint8Array(end - begin)
  copy.set(data.subarray(begin, end))
  return { dtype, shape, data: new arrays[dtype](copy.buffer) } as HostTensor
}
