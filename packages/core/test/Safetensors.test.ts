import { assert, describe, it } from "@effect/vitest"
import { decode, encode, type HostTensor } from "@moco/core/Safetensors"
import { Cause, Effect, Exit } from "effect"
import fc from "fast-check"

/** A file with any header and any data, valid or not. */
const fileOf = (header: string, numDataBytes = 0) => {
  const json = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + json.length + numDataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}
const info = (dtype: string, shape: ReadonlyArray<number>, begin: number, end: number) =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] })

const messageOf = (bytes: Uint8Array) => Effect.map(Effect.flip(decode(bytes)), ({ message }) => message)

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
const sizeOf = (dims: ReadonlyArray<number>) => dims.reduce((product, dim) => product * dim, 1)
const exactly = (size: number) => ({ minLength: size, maxLength: size })

const hostTensor: fc.Arbitrary<HostTensor> = shape.chain((dims) => {
  const size = exactly(sizeOf(dims))
  return fc.oneof(
    fc.float32Array(size).map((data): HostTensor => ({ dtype: "F32", shape: dims, data })),
    fc.int32Array(size).map((data): HostTensor => ({ dtype: "I32", shape: dims, data })),
    fc.bigInt64Array(size).map((data): HostTensor => ({ dtype: "I64", shape: dims, data })),
    fc.uint8Array(size).map((data): HostTensor => ({ dtype: "U8", shape: dims, data }))
  )
})
const name = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", 'a"b\\', "a:b", "1", "")
)
const contents = fc.record({
  tensors: fc.dictionary(
    name.filter((text) => text !== "__metadata__"),
    hostTensor,
    { maxKeys: 4, noNullPrototype: true }
  ),
  metadata: fc.dictionary(name, fc.string({ unit: "binary" }), { maxKeys: 3, noNullPrototype: true })
})

/** Small changes of a valid file: a byte, a cut, an addition, a digit or a bracket of the header. */
const mutated = fc
  .tuple(contents, fc.nat(), fc.nat(255), fc.constantFrom("change", "cut", "extend", "character"))
  .map(([{ metadata, tensors }, position, value, kind]) => {
    const bytes = encode(tensors, metadata)
    const at = position % bytes.length
    if (kind === "cut") return bytes.subarray(0, at)
    if (kind === "extend") return Uint8Array.of(...bytes, value)
    const character = '0123456789{}[]":,'.charCodeAt(value % 17)
    return bytes.map((byte, index) => (index === at ? (kind === "change" ? value : character) : byte))
  })

describe("Safetensors", () => {
  it.effect(
    "writes the bytes that the format prescribes: length, header padded to 8, wide elements first",
    () =>
      Effect.gen(function* () {
        const bytes = encode(
          {
            bytes: { dtype: "U8", shape: [3], data: Uint8Array.of(7, 8, 9) },
            weight: { dtype: "F32", shape: [1, 2], data: Float32Array.of(1, -2) }
          },
          { format: "pt" }
        )
        const header =
          '{"__metadata__":{"format":"pt"},' +
          '"weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
          '"bytes":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}'
        const padded = header.padEnd(Math.ceil(header.length / 8) * 8)
        const expected = fileOf(padded, 11)
        // 1 and -2 in little-endian IEEE 754.
        expected.set([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7, 8, 9], 8 + padded.length)
        assert.deepStrictEqual(bytes, expected)
        assert.deepStrictEqual((yield* decode(bytes)).metadata, { format: "pt" })
      })
  )

  it("always reads back what was written, whatever the names", () => {
    fc.assert(
      fc.property(contents, ({ metadata, tensors }) => {
        assert.deepStrictEqual(Effect.runSync(decode(encode(tensors, metadata))), { tensors, metadata })
      })
    )
  })

  it("always writes equal bytes for equal contents, whatever their order", () => {
    fc.assert(
      fc.property(contents, ({ tensors }) => {
        const reversed = Object.fromEntries(Object.entries(tensors).reverse())
        assert.deepStrictEqual(encode(reversed), encode(tensors))
      })
    )
  })

  it("always gives tensors or SafetensorsMalformed for damaged bytes, never a defect", () => {
    fc.assert(
      fc.property(mutated, (bytes) => {
        const exit = Effect.runSyncExit(decode(bytes))
        assert.isTrue(Exit.isSuccess(exit) || exit.cause.reasons.every(Cause.isFailReason))
      }),
      { numRuns: 1_000 }
    )
  })

  it.effect("reads tensors that are not aligned to their elements, from a part of a buffer", () =>
    Effect.gen(function* () {
      const json = `{"a":${info("U8", [1], 0, 1)},"b":${info("F32", [1], 1, 5)}}`
      const file = fileOf(json, 5)
      file.set([5, 0, 0, 0x80, 0x3f], file.length - 5)
      const { tensors } = yield* decode(Buffer.from(Uint8Array.of(99, ...file)).subarray(1))
      assert.deepStrictEqual(tensors, {
        a: { dtype: "U8", shape: [1], data: Uint8Array.of(5) },
        b: { dtype: "F32", shape: [1], data: Float32Array.of(1) }
      })
    })
  )

  it.effect("gives arrays of their own: changing the bytes afterwards changes nothing", () =>
    Effect.gen(function* () {
      const bytes = Buffer.from(encode({ a: { dtype: "U8", shape: [1], data: Uint8Array.of(5) } }))
      const { tensors } = yield* decode(bytes)
      bytes.fill(0)
      assert.deepStrictEqual(tensors["a"]?.data, Uint8Array.of(5))
    })
  )

  describe("refuses", () => {
    const f32 = (begin: number, end: number) => info("F32", [1], begin, end)
    const cases: ReadonlyArray<readonly [string, Uint8Array, string]> = [
      ["a file that is too short", new Uint8Array(7), "header length: the file has 7 bytes"],
      [
        "a header longer than the file",
        fileOf("{}").subarray(0, 9),
        "header length: 2 bytes; 1 bytes follow"
      ],
      [
        "a header of absurd length",
        Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255),
        "header length: 184467"
      ],
      [
        "a header that is not UTF-8",
        Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff),
        "header: is not UTF-8"
      ],
      ["a header that starts with a blank", fileOf(" {}"), "header: does not start with {"],
      ["a header that is not JSON", fileOf("{,}"), "header: Expected a valid JSON string"],
      ["an unknown element type", fileOf(`{"a":${info("F8", [1], 0, 1)}}`, 1), "tensor a: Expected"],
      ["a negative dimension", fileOf(`{"a":${info("U8", [-1], 0, 1)}}`, 1), "tensor a: Expected"],
      ["a fractional dimension", fileOf(`{"a":${info("U8", [0.5], 0, 1)}}`, 1), "tensor a: Expected"],
      ["a tensor without offsets", fileOf('{"a":{"dtype":"U8","shape":[1]}}', 1), "tensor a: Missing key"],
      [
        "an unknown field",
        fileOf('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}'),
        "tensor a: "
      ],
      ["metadata that is not text", fileOf('{"__metadata__":{"step":1}}'), "__metadata__: Expected string"],
      ["a repeated tensor", fileOf(`{"a":${f32(0, 4)},"a":${f32(0, 4)}}`, 4), "header: repeats a name"],
      [
        "a repeated field",
        fileOf('{"a":{"dtype":"F32","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
        "header: repeats a name"
      ],
      ["repeated metadata", fileOf('{"__metadata__":{"a":"1","a":"2"}}'), "header: repeats a name"],
      [
        "overlapping tensors",
        fileOf(`{"a":${f32(0, 4)},"b":${f32(2, 6)}}`, 6),
        "tensor b: overlaps another tensor: it begins at 2, the one before ends at 4"
      ],
      ["a gap", fileOf(`{"a":${f32(0, 4)},"b":${f32(8, 12)}}`, 12), "tensor b: leaves a gap before it"],
      ["data that no tensor covers", fileOf(`{"a":${f32(0, 4)}}`, 5), "data: the tensors cover 4 bytes"],
      [
        "data that is cut off",
        fileOf(`{"a":${f32(0, 4)}}`, 3),
        "data: the tensors cover 4 bytes, the file has 3"
      ],
      [
        "a size unlike its shape",
        fileOf(`{"a":${f32(0, 8)}}`, 8),
        "tensor a: [1] F32 needs 4 bytes and has 8"
      ],
      ["an end before its beginning", fileOf(`{"a":${f32(0, -4)}}`), "tensor a: Expected"],
      [
        "a shape whose product overflows",
        fileOf(`{"a":${info("F32", [2 ** 52, 2 ** 52, 0.5 * 2 ** 52], 0, 0)}}`),
        "tensor a: [4503599627370496,4503599627370496,2251799813685248] F32 needs "
      ]
    ]
    for (const [what, bytes, problem] of cases) {
      it.effect(what, () =>
        Effect.gen(function* () {
          const message = yield* messageOf(bytes)
          assert.include(message, `not a valid safetensors file: ${problem}`)
          assert.isTrue(message.endsWith("\n  replace the file by a fresh copy"))
        })
      )
    }

    it("to write a tensor whose shape and data differ in size, or one named like the metadata", () => {
      const data = Float32Array.of(1, 2)
      assert.throws(
        () => encode({ a: { dtype: "F32", shape: [3], data } }),
        "tensor a of shape [3] cannot be stored with 2 elements"
      )
      assert.throws(() => encode({ __metadata__: { dtype: "F32", shape: [2], data } }), "tensor __metadata__")
    })
  })
})
