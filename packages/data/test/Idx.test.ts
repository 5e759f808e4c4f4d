import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Idx from "@moco/data/Idx"
import { Cause, Effect, Exit } from "effect"
import fc from "fast-check"

const header = (dims: ReadonlyArray<number>) => {
  const bytes = new Uint8Array(4 + 4 * dims.length)
  bytes.set([0, 0, 8, dims.length])
  const view = new DataView(bytes.buffer)
  for (const [axis, dim] of dims.entries()) view.setUint32(4 + 4 * axis, dim)
  return bytes
}
const file = (dims: ReadonlyArray<number>, data: Uint8Array) => Uint8Array.of(...header(dims), ...data)

const problemOf = (bytes: Uint8Array) =>
  Effect.map(Effect.flip(Idx.decode(bytes, "x")), ({ offset, problem }) => `${offset}: ${problem}`)

/** An array of known dimensions and the bytes of its file. */
const validFile = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }).chain((dims) => {
  const size = dims.reduce((product, dim) => product * dim, 1)
  return fc
    .uint8Array({ minLength: size, maxLength: size })
    .map((data) => ({ dims, data, bytes: file(dims, data) }))
})

/** A file that was cut, lengthened, or changed in one byte. */
const mutated = fc
  .tuple(validFile, fc.nat(), fc.nat(255), fc.constantFrom("cut", "extend", "change"))
  .map(([{ bytes }, position, value, kind]) => {
    const at = position % bytes.length
    if (kind === "cut") return bytes.subarray(0, at)
    if (kind === "extend") return Uint8Array.of(...bytes, value)
    return bytes.map((byte, index) => (index === at ? value : byte))
  })

const failsOnlyAsMalformed = <A>(exit: Exit.Exit<A, Idx.IdxMalformed>) =>
  assert.isTrue(Exit.isSuccess(exit) || exit.cause.reasons.every(Cause.isFailReason))

describe("Idx", () => {
  it.effect("reads dimensions and data", () =>
    Effect.gen(function* () {
      const idx = yield* Idx.decode(file([2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6)), "x")
      assert.deepStrictEqual(idx.dims, [2, 3])
      assert.deepStrictEqual(idx.data, Uint8Array.of(1, 2, 3, 4, 5, 6))
    })
  )

  it.effect("names the byte and the value that are wrong", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* problemOf(Uint8Array.of(0, 0, 8)), "3: the file ends within its magic number")
      assert.strictEqual(
        yield* problemOf(Uint8Array.of(31, 139, 8, 0)),
        "0: starts with 31, 139 instead of 0, 0"
      )
      assert.strictEqual(yield* problemOf(Uint8Array.of(0, 1, 8, 1)), "0: starts with 0, 1 instead of 0, 0")
      assert.strictEqual(
        yield* problemOf(Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 0)),
        "2: data type 13; only 8 (unsigned byte) is supported"
      )
      assert.strictEqual(yield* problemOf(Uint8Array.of(0, 0, 8, 0)), "3: has no dimensions")
      assert.strictEqual(
        yield* problemOf(header([2, 3]).subarray(0, 9)),
        "9: the file ends within its 2 dimensions"
      )
      assert.strictEqual(
        yield* problemOf(file([2, 3], Uint8Array.of(1))),
        "12: 2 x 3 values were announced, 1 bytes follow"
      )
      assert.strictEqual(
        yield* problemOf(file([1], Uint8Array.of(1, 2))),
        "8: 1 values were announced, 2 bytes follow"
      )
      assert.strictEqual(
        yield* problemOf(header([0xffffffff, 0xffffffff, 0xffffffff])),
        "16: 4294967295 x 4294967295 x 4294967295 values were announced, 0 bytes follow"
      )
    })
  )

  it.effect("stops decompressing at the limit", () =>
    Effect.gen(function* () {
      const bomb = gzipSync(new Uint8Array(10_000_000))
      const error = yield* Effect.flip(Idx.inflate(bomb, { file: "bomb.gz", maxBytes: 1_000 }))
      assert.strictEqual(error.problem, "decompresses to more than 1000 bytes")
      assert.strictEqual(
        (yield* Idx.inflate(bomb, { file: "bomb.gz", maxBytes: 10_000_000 })).length,
        10_000_000
      )
    })
  )

  it("always reads back what was written, compressed or not", () => {
    fc.assert(
      fc.property(validFile, ({ bytes, data, dims }) => {
        for (const stored of [bytes, gzipSync(bytes)]) {
          const idx = Effect.runSync(
            Effect.flatMap(Idx.inflate(stored, { file: "x" }), (raw) => Idx.decode(raw, "x"))
          )
          assert.deepStrictEqual(idx.dims, dims)
          assert.deepStrictEqual(Uint8Array.from(idx.data), data)
        }
      })
    )
  })

  it("always gives an array or IdxMalformed for damaged bytes, never a defect", () => {
    fc.assert(
      fc.property(mutated, fc.nat(), (bytes, position) => {
        failsOnlyAsMalformed(Effect.runSyncExit(Idx.decode(bytes, "x")))
        const compressed = gzipSync(bytes)
        compressed[position % compressed.length]! ^= 0x10
        failsOnlyAsMalformed(Effect.runSyncExit(Idx.inflate(compressed, { file: "x", maxBytes: 10_000 })))
      })
    )
  })
})
