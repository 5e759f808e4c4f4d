import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Pickle from "@moco/data/Pickle"
import { Result } from "effect"
import fc from "fast-check"
import { global, pickle } from "./published/pickles.ts"

const recorded = (name: string) => readFileSync(new URL(`./parity/batches/${name}`, import.meta.url))
const limits = { maxOps: 2_000 }
const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"))

const entriesOf = (bytes: Uint8Array) => Result.getOrThrow(Pickle.read(bytes, limits)).entries

const refusal = (bytes: Uint8Array, maxOps = limits.maxOps) => {
  const result = Pickle.read(bytes, { maxOps })
  if (Result.isSuccess(result)) throw new Error("it was read")
  const { offset, problem, value } = result.failure
  return `${offset}: ${value} ${problem}`
}

const itemsOf = (value: Pickle.Value | undefined) =>
  typeof value === "object" && value?.kind === "list" ? value.items : undefined

const arrayOf = (value: Pickle.Value | undefined) => {
  if (typeof value !== "object" || value?.kind !== "array") throw new Error("no array")
  const numValues = (value.shape ?? []).reduce((product, dim) => product * dim, 1)
  return { shape: value.shape, bytes: Pickle.bytesOf(value.data, numValues) }
}

describe("a pickle", () => {
  for (const name of ["python2.pickle", "python3.pickle"]) {
    it(`of Python is read to the byte: ${name}`, () => {
      const batch = JSON.parse(recorded("batch.json").toString()) as Record<string, Array<unknown>>
      const entries = entriesOf(recorded(name))
      assert.sameMembers([...entries.keys()], [...Object.keys(batch), "batch_label", "filenames"])
      for (const key of ["labels", "coarse_labels", "fine_labels"]) {
        assert.deepStrictEqual(itemsOf(entries.get(key)), batch[key])
      }
      const { bytes, shape } = arrayOf(entries.get("data"))
      assert.deepStrictEqual(shape, [4, 18])
      assert.deepStrictEqual([...bytes!], batch["data"]!.flat())
    })

    it(`of Python is refused wherever it ends too early: ${name}`, () => {
      const whole = recorded(name)
      for (let end = 0; end < whole.length; end++) {
        const result = Pickle.read(whole.subarray(0, end), limits)
        assert.isTrue(Result.isFailure(result), `${end} bytes`)
      }
    })
  }

  it("always gives back what was written, its bytes as a view", () => {
    const array = fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 30 }))
      .chain((shape) => {
        const size = shape[0] * shape[1]
        return fc.uint8Array({ minLength: size, maxLength: size }).map((data) => ({ shape, data }))
      })
    const list = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
    fc.assert(
      fc.property(array, list, (data, labels) => {
        const file = pickle({ labels, data })
        const entries = entriesOf(file)
        assert.deepStrictEqual(itemsOf(entries.get("labels")), labels)
        const { bytes, shape } = arrayOf(entries.get("data"))
        assert.deepStrictEqual(shape, data.shape)
        assert.deepStrictEqual(Uint8Array.from(bytes!), data.data)
        assert.strictEqual(bytes!.buffer, file.buffer)
      })
    )
  })

  it("brings back every byte that Python 3 wrote as a character, and no more of them than are asked for", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const utf8 = Uint8Array.from(Buffer.from(Buffer.from(bytes).toString("latin1"), "utf8"))
        const value: Pickle.Value = { kind: "text", utf8, isBytes: true }
        assert.deepStrictEqual(Pickle.bytesOf(value, bytes.length), bytes)
        assert.isUndefined(Pickle.bytesOf(value, bytes.length + 1))
        assert.isUndefined(Pickle.bytesOf({ ...value, isBytes: false }, bytes.length))
      })
    )
    for (const utf8 of [[0xc4, 0x80], [0xc3], [0xff, 0x80], [0xc2, 0x41]]) {
      const value: Pickle.Value = { kind: "text", utf8: Uint8Array.from(utf8), isBytes: true }
      assert.isUndefined(Pickle.bytesOf(value, 1))
    }
  })

  const called = (module: string, name: string) =>
    pickle({ data: Buffer.concat([global(module, name), latin1("U\x02id\x85R")]) })
  for (const [module, name] of [
    ["os", "system"],
    ["posix", "system"],
    ["builtins", "eval"],
    ["__builtin__", "getattr"],
    ["numpy", "load"],
    ["numpy.core.multiarray", "fromfile"],
    ["numpy.core", "multiarray._reconstruct.os"]
  ] as const) {
    it(`calls nothing: ${module}.${name} is refused by its name`, () => {
      assert.include(
        refusal(called(module, name)),
        `${module}.${name} is none of the names that arrays of numbers need, and is not called`
      )
    })
  }

  const reconstruct = global("numpy.core.multiarray", "_reconstruct")
  const refused: ReadonlyArray<readonly [words: string, bytes: Uint8Array]> = [
    ["10: \\u001b[31m. is none of the names", pickle({ data: global("\u001b[31m", "") })],
    ["0: instruction 0x0 is none that arrays", Uint8Array.of(0)],
    ["2: instruction 0x81 is none that arrays", latin1("\x80\x02\x81")],
    ["2: instruction 0x50 is none that arrays", latin1("\x80\x02Pid\n")],
    ["0: protocol 4 must be 2 or below", latin1("\x80\x04}.")],
    ["0: 0 bytes left must be 1 or more", latin1("")],
    ["0: 3 bytes left must be 4294967295 or more", latin1("T\xff\xff\xff\xffabc")],
    ["0: 0 bytes left must be 4294967295 or more", latin1("X\xff\xff\xff\xff")],
    ["0: nothing must be a value", latin1(".")],
    ["1: nothing must be a value", latin1("(.")],
    ["2: 5 must be a dictionary", latin1("K\x05.")],
    ["1: no mark must be a mark before the values", latin1("]e")],
    ["2: too few values must be 2", latin1("K\x01\x86")],
    ["0: 7 must be the number of a value that was kept", latin1("h\x07")],
    ["3: 1 values must be keys with values", latin1("}(Nu")],
    ["4: 1 must be a string", latin1("}K\x01Ns")],
    ["3: null must be a list", latin1("NK\x02a")],
    ['0: "1e3" must be a whole number', latin1("I1e3\n")],
    ["0: no end must be a line of at most 256 bytes", latin1(`c${"a".repeat(300)}\n`)],
    ["0: 9 bytes must be a number of at most 8 bytes", latin1("\x8a\x09aaaaaaaaa")],
    ["0: 9223372036854776000 must be below 2^53", latin1("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f")],
    ["2: null must be an array or its type", latin1("N)b")],
    ["must be a name with a tuple of arguments", Buffer.concat([global("numpy", "dtype"), latin1("NR")])],
    [
      "numpy.ndarray must be a function that makes",
      Buffer.concat([global("numpy", "ndarray"), latin1(")R")])
    ],
    ["nothing must be numpy.ndarray", Buffer.concat([reconstruct, latin1(")R")])],
    ["nothing must be a text", Buffer.concat([global("_codecs", "encode"), latin1(")R")])],
    [
      "rot13 must be latin1",
      Buffer.concat([global("_codecs", "encode"), latin1("X\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R")])
    ]
  ]
  for (const [words, bytes] of refused) {
    it(`is refused where it is something else: ${words}`, () => {
      assert.include(refusal(bytes), words)
    })
  }

  it("of numbers that are no unsigned bytes, or not row after row, is refused", () => {
    const file = Buffer.from(recorded("python2.pickle")).toString("latin1")
    assert.include(refusal(latin1(file.replace("U\x02u1", "U\x02f4"))), "f4 must be u1, unsigned bytes")
    const isColumnMajor = refusal(latin1(file.replace("b\x89U", "b\x88U")))
    assert.include(isColumnMajor, "true must be False: row after row")
  })

  it("is followed for as many instructions as it may have, and no further", () => {
    const deep = Buffer.concat([Buffer.alloc(1_000_000, ")"), latin1(".")])
    assert.strictEqual(refusal(deep, 1_000), "1000: 1001 must be at most 1000 instructions")
    const marks = Buffer.concat([Buffer.alloc(1_000_000, "("), latin1(".")])
    assert.strictEqual(refusal(marks, 1_000), "1000: 1001 must be at most 1000 instructions")
  })

  it("takes no memory for what it does not hold", () => {
    // One text of a million characters, turned into bytes a thousand times.
    const million = Buffer.alloc(1_000_005, "\xc3\xbf")
    million[0] = 0x58
    million.writeUInt32LE(1_000_000, 1)
    const once = Buffer.concat([latin1("h\x00h\x01h\x02\x86R")])
    const head = Buffer.concat([
      latin1("}U\x01x]("),
      global("_codecs", "encode"),
      latin1("q\x00"),
      million,
      latin1("q\x01X\x06\x00\x00\x00latin1q\x02")
    ])
    const file = Buffer.concat([head, ...Array.from({ length: 300 }, () => once), latin1("es.")])
    const before = process.memoryUsage().arrayBuffers
    assert.strictEqual(itemsOf(entriesOf(file).get("x"))?.length, 303)
    assert.isBelow(process.memoryUsage().arrayBuffers - before, 1_000_000)
  })

  it("of changed bytes is always read or refused, never with another error", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 })
    const file = fc.constantFrom(recorded("python2.pickle"), recorded("python3.pickle"))
    fc.assert(
      fc.property(file, changes, fc.nat(), (whole, changed, cut) => {
        const bytes = Uint8Array.from(whole)
        for (const [at, value] of changed) bytes[at % bytes.length] = value
        const result = Pickle.read(bytes.subarray(0, bytes.length - (cut % 3 === 0 ? cut % 400 : 0)), limits)
        if (Result.isSuccess(result)) return assert.strictEqual(result.success.kind, "dict")
        const { offset, problem, value } = result.failure
        assert.isTrue(Number.isInteger(offset) && offset >= 0 && offset <= bytes.length)
        assert.isNotEmpty(problem)
        assert.isBelow(value.length, 4_000)
      }),
      { numRuns: 2_000 }
    )
  })

  it("of any bytes is always read or refused", () => {
    // Mostly instructions, which a pickle of changed bytes seldom has in a new order.
    const op = fc.constantFrom(..."}](e)tu.NsabRqhKMJI0UTXc\x80\x85\x86\x87\x88\x89\x8a")
    const any = fc.array(fc.oneof(op, fc.string({ maxLength: 3 })), { maxLength: 60 })
    fc.assert(
      fc.property(any, (parts) => {
        const result = Pickle.read(latin1(parts.join("")), limits)
        assert.isTrue(Result.isFailure(result) || result.success.kind === "dict")
      }),
      { numRuns: 2_000 }
    )
  })
})
