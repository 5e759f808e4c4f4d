import { assert, describe, it } from "@effect/vitest"
import { crc32c, maskedCrc32c } from "@moco/train/EventFile/crc32c"
import {
  histogramEvent,
  imageEvent,
  restartEvent,
  type Scalar,
  scalarsEvent,
  versionEvent
} from "@moco/train/EventFile/events"
import { toRecord } from "@moco/train/EventFile/record"
import fc from "fast-check"
import { decodeEvent, decodeMessage, recordsIn } from "./reader.ts"

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const time = 1_700_000_000_250

/** 32 bytes, as in the examples of RFC 3720, B.4. */
const of32 = (byte: (index: number) => number) => Uint8Array.from({ length: 32 }, (_, index) => byte(index))

describe("CRC-32C", () => {
  it("is that of RFC 3720, B.4", () => {
    assert.strictEqual(crc32c(of32(() => 0)), 0x8a9136aa)
    assert.strictEqual(crc32c(of32(() => 0xff)), 0x62a8ab43)
    assert.strictEqual(crc32c(of32((index) => index)), 0x46dd794e)
    assert.strictEqual(crc32c(of32((index) => 31 - index)), 0x113fdb5c)
  })

  it("is masked as TensorBoard 2.21.0 masks it", () => {
    assert.strictEqual(maskedCrc32c(new Uint8Array()), 0xa282ead8)
    assert.strictEqual(maskedCrc32c(new TextEncoder().encode("123456789")), 0xc78ab0e5)
    assert.strictEqual(maskedCrc32c(of32((index) => index)), 0x951f7892)
  })
})

/** Bytes that `SerializeToString` and `RecordWriter` of the package tensorboard 2.21.0 give, recorded. */
describe("The bytes of", () => {
  const wallTime = "0900001040fc54d941"

  it("records are TensorBoard's", () => {
    assert.strictEqual(hex(toRecord(new Uint8Array())), "000000000000000029039807d8ea82a2")
    assert.strictEqual(
      hex(toRecord(new TextEncoder().encode("123456789"))),
      "090000000000000037f97139313233343536373839e5b08ac7"
    )
  })

  it("a file's first event and of a restart are TensorBoard's", () => {
    assert.strictEqual(hex(versionEvent(time)), `${wallTime}1a0d627261696e2e4576656e743a32`)
    assert.strictEqual(hex(restartEvent({ time, step: 300 })), `${wallTime}10ac023a020801`)
  })

  it("numbers are TensorBoard's, with what is said of them, beyond 32 bits of steps, and where they are none", () => {
    const scalars: ReadonlyArray<Scalar> = [
      { tag: "training/loss", value: 1.1, about: { title: "loss", description: "mean (nats)" } },
      { tag: "training/µ", value: Number.NaN }
    ]
    assert.strictEqual(
      hex(scalarsEvent({ time, step: 5_000_000_000 }, scalars)),
      `${wallTime}1080e497d0122a4c0a360a0d747261696e696e672f6c6f737315cdcc8c3f4a200a090a077363616c6172731204` +
        "6c6f73731a0b6d65616e20286e6174732920010a120a0b747261696e696e672fc2b5150000c07f"
    )
  })

  it("a histogram are TensorBoard's, from the first bin that holds a number to the last", () => {
    // min 2, max 4, num 3, sum 2 * 2.5 + 3.5, sum of squares 2 * 2.5^2 + 3.5^2; limits 2, 3, 4.
    assert.strictEqual(
      hex(histogramEvent({ time, step: 0 }, "h", { low: 1, high: 4, counts: [0, 2, 1] })),
      `${wallTime}2a680a660a01682a61090000000000000040110000000000001040190000000000000840210000000000002140290000` +
        "000000c0384032180000000000000040000000000000084000000000000010403a1800000000000000000000000000000040000000000000f03f"
    )
  })

  it("an image are TensorBoard's", () => {
    const picture = { png: Uint8Array.of(1, 2, 3), width: 2, height: 300 }
    assert.strictEqual(
      hex(imageEvent({ time, step: 7 }, "i", picture)),
      `${wallTime}10072a110a0f0a0169220a08ac0210022203010203`
    )
  })
})

describe("What is written", () => {
  const step = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  const moment = fc.record({ time: fc.integer({ min: 0, max: 4e12 }), step })
  const scalar = fc.record({ tag: fc.string({ unit: "binary" }), value: fc.float() })

  it("is read back: moments, tags and numbers", () => {
    fc.assert(
      fc.property(moment, fc.array(scalar, { minLength: 1 }), (moment, scalars) => {
        const [record] = recordsIn(Buffer.from(toRecord(scalarsEvent(moment, scalars))))
        const { step, time, values } = decodeEvent(record!)
        assert.strictEqual(step, moment.step)
        assert.closeTo(time, moment.time, 0.01)
        assert.deepStrictEqual(
          values.map(({ tag, value }) => [tag, value]),
          scalars.map(({ tag, value }) => [tag, value])
        )
      })
    )
  })

  it("is read back up to where a file was torn", () => {
    const data = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(fc.array(data, { minLength: 1, maxLength: 5 }), fc.nat(), (all, cut) => {
        const records = all.map(toRecord)
        const bytes = Buffer.concat(records)
        const kept = cut % (bytes.length + 1)
        const ends = records.map((_, index) => Buffer.concat(records.slice(0, index + 1)).length)
        const numWhole = ends.filter((end) => end <= kept).length
        assert.deepStrictEqual(recordsIn(bytes.subarray(0, kept)).map(hex), all.slice(0, numWhole).map(hex))
      })
    )
  })

  it("holds every count of a histogram, between limits that rise to its end", () => {
    const counts = fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 50 })
    const edges = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 1000 }))
    fc.assert(
      fc.property(counts, edges, (counts, [low, width]) => {
        const event = histogramEvent({ time, step: 1 }, "h", { low, high: low + width, counts })
        const [summary] = decodeMessage(Buffer.from(event)).get(5)!
        const [value] = decodeMessage(summary as Buffer).get(1)!
        const histogram = decodeMessage(decodeMessage(value as Buffer).get(5)![0] as Buffer)
        const double = (field: number) => (histogram.get(field)![0] as Buffer).readDoubleLE()
        const list = (field: number) =>
          counts.map((_, index) => (histogram.get(field)![0] as Buffer).readDoubleLE(8 * index))
        assert.deepStrictEqual(list(7), counts)
        assert.strictEqual(
          double(3),
          counts.reduce((sum, count) => sum + count)
        )
        assert.deepStrictEqual(
          list(6),
          list(6).toSorted((a, b) => a - b)
        )
        assert.strictEqual(list(6).at(-1), low + width)
        assert.isAtLeast(double(1), low)
        assert.isBelow(double(1), double(2))
        assert.isAtMost(double(2), low + width)
      })
    )
  })
})
