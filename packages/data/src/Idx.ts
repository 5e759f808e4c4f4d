import { gunzipSync } from "node:zlib"
import { Effect, Schema } from "effect"

/** Bytes that are not an IDX file of unsigned bytes: `problem` was found at byte `offset` of `file`. */
export class IdxMalformed extends Schema.TaggedError<IdxMalformed>()("IdxMalformed", {
  file: Schema.String,
  offset: Schema.Finite,
  problem: Schema.String
}) {
  override get message() {
    return `${this.file} is not a valid IDX file: byte ${this.offset}: ${this.problem}\n  replace the file by a fresh copy`
  }
}

/** An array of unsigned bytes, the last dimension innermost. */
export interface Idx {
  readonly dims: ReadonlyArray<number>
  /** Shares memory with the bytes it was decoded from. */
  readonly data: Uint8Array
}

/** Largest file that is decompressed when the caller names no other limit: EMNIST's largest has half of it. */
const defaultMaxBytes = 2 ** 30

/**
 * Decompresses `bytes` when they start like gzip, else returns them as they are.
 *
 * @param options  `file`: for the error; `maxBytes`: where decompression stops, so that a small file cannot fill
 *   the memory
 */
export const inflate = (
  bytes: Uint8Array,
  options: { readonly file: string; readonly maxBytes?: number }
): Effect.Effect<Uint8Array, IdxMalformed> => {
  const { file, maxBytes = defaultMaxBytes } = options
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  if (!isGzip) return Effect.succeed(bytes)
  return Effect.try({
    try: () => gunzipSync(bytes, { maxOutputLength: maxBytes }),
    catch: (cause) => {
      const isTooLarge = cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE"
      const reason = cause instanceof Error ? cause.message : String(cause)
      const problem = isTooLarge ? `decompresses to more than ${maxBytes} bytes` : `gzip: ${reason}`
      return new IdxMalformed({ file, offset: 0, problem })
    }
  })
}

/**
 * Reads the IDX format of MNIST and its relatives: two zero bytes, type (08 = unsigned byte), number of dimensions,
 * the dimensions as big-endian 32-bit integers, then the data, which must end with the file.
 *
 * Allocates nothing but the list of dimensions.
 *
 * @param bytes  not compressed, see {@link inflate};  @param file  for the error
 */
export const decode = (bytes: Uint8Array, file: string): Effect.Effect<Idx, IdxMalformed> => {
  const malformed = (offset: number, problem: string) =>
    Effect.fail(new IdxMalformed({ file, offset, problem }))
  if (bytes.length < 4) return malformed(bytes.length, "the file ends within its magic number")
  if (bytes[0] !== 0 || bytes[1] !== 0)
    return malformed(0, `starts with ${bytes[0]}, ${bytes[1]} instead of 0, 0`)
  if (bytes[2] !== 8) return malformed(2, `data type ${bytes[2]}; only 8 (unsigned byte) is supported`)
  const numDims = bytes[3]!
  if (numDims === 0) return malformed(3, "has no dimensions")
  const dataStart = 4 + 4 * numDims
  if (bytes.length < dataStart)
    return malformed(bytes.length, `the file ends within its ${numDims} dimensions`)

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const dims = Array.from({ length: numDims }, (_, axis) => view.getUint32(4 + 4 * axis))
  // A product beyond 2^53 is inexact, but it stays far above any real length, so the comparison holds.
  const size = dims.reduce((product, dim) => product * dim, 1)
  const length = bytes.length - dataStart
  if (size !== length) {
    return malformed(dataStart, `${dims.join(" x ")} values were announced, ${length} bytes follow`)
  }
  return Effect.succeed({ dims, data: bytes.subarray(dataStart) })
}
