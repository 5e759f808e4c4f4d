import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { decodeImage } from "@moco/data/Decode/decode"
import { formatOf } from "@moco/data/Decode/format"
import type { DecodeOptions } from "@moco/data/Decode/options"
import sharp from "sharp"

const folder = join(import.meta.dirname, "../parity/images")
const options: DecodeOptions = { background: [255, 255, 255], maxPixels: 10_000, shorterSide: 0 }

const fileOf = (name: string) => readFileSync(join(folder, name))
const recorded = (name: string) =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as {
    readonly height: number
    readonly width: number
    readonly pixels_HWC: ReadonlyArray<number>
  }

const names = readdirSync(folder).filter((name) => !name.endsWith(".json"))

const refusal = async (bytes: Uint8Array, changes: Partial<DecodeOptions> = {}) => {
  const found = await decodeImage(bytes, { ...options, ...changes }).catch((error: Error) => error)
  if (!(found instanceof Error)) throw new Error("an image was read")
  return found.message
}

/** Pixels of 4 x 2 with a left half of one colour and a right half of another. */
const halves = (left: ReadonlyArray<number>, right: ReadonlyArray<number>) =>
  sharp(Buffer.from([left, left, right, right, left, left, right, right].flat()), {
    raw: { width: 4, height: 2, channels: left.length as 3 | 4 }
  })

describe("an image file", () => {
  it.each(names)("%s has the pixels that Pillow gives", async (name) => {
    const { height, pixels_HWC, width } = await decodeImage(fileOf(name), options)
    assert.deepStrictEqual({ height, width, pixels_HWC: [...pixels_HWC] }, recorded(name))
  })

  it.each(names)("%s is known by its first bytes", (name) => {
    const ending = name.split(".")[1]!
    assert.strictEqual(formatOf(fileOf(name)), ending === "jpg" ? "jpeg" : ending)
  })

  it("is laid on the background where it is transparent", async () => {
    const bytes = await halves([255, 0, 0, 0], [0, 0, 255, 128]).png().toBuffer()
    const { pixels_HWC } = await decodeImage(bytes, { ...options, background: [10, 20, 30] })
    assert.deepStrictEqual([...pixels_HWC.subarray(0, 3)], [10, 20, 30])
    // 128 of 255 parts of blue over the background.
    const half = [10, 20, 30].map((value, channel) => (value * 127 + (channel === 2 ? 255 : 0) * 128) / 255)
    for (const [channel, value] of half.entries()) assert.closeTo(pixels_HWC[9 + channel]!, value, 1)
  })

  it("of a GIF is its first frame", async () => {
    const frames = Buffer.concat([Buffer.alloc(12, 255), Buffer.alloc(12, 0)])
    const bytes = await sharp(frames, { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } })
      .gif()
      .toBuffer()
    const { height, pixels_HWC } = await decodeImage(bytes, options)
    assert.deepStrictEqual([height, ...pixels_HWC], [2, ...Array<number>(12).fill(255)])
  })

  it("is shrunk to the shorter side, and never enlarged", async () => {
    const bytes = await sharp({ create: { width: 60, height: 40, channels: 3, background: "red" } })
      .jpeg()
      .toBuffer()
    const sizeAt = async (shorterSide: number) => {
      const { height, pixels_HWC, width } = await decodeImage(bytes, { ...options, shorterSide })
      assert.strictEqual(pixels_HWC.length, height * width * 3)
      return [height, width]
    }
    assert.deepStrictEqual(
      [await sizeAt(0), await sizeAt(20), await sizeAt(40), await sizeAt(41)],
      [
        [40, 60],
        [20, 30],
        [40, 60],
        [40, 60]
      ]
    )
  })
})

describe("a file that is no image", () => {
  it.each(names)("is told of where %s was cut", async (name) => {
    const bytes = fileOf(name)
    // Half of its bytes are no image; what is left out of a GIF's end may be nothing but its end mark.
    assert.isNotEmpty(await refusal(bytes.subarray(0, Math.floor(bytes.length / 2))))
  })

  it("is told of where it is something else, and is not given to a decoder that would know it", async () => {
    const svg = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")
    for (const bytes of [svg, Buffer.from("hello"), Buffer.alloc(0)]) {
      assert.strictEqual(await refusal(bytes), "it is no JPEG, PNG, WebP, GIF (its first frame) or BMP")
    }
  })

  it("is refused for its size before its pixels are decoded", async () => {
    const png = await sharp({ create: { width: 200, height: 51, channels: 3, background: "red" } })
      .png()
      .toBuffer()
    assert.include(await refusal(png), "exceeds pixel limit")
    const bmp = Buffer.from(fileOf("rgb.bmp"))
    bmp.writeInt32LE(2 ** 30, 18)
    assert.strictEqual(await refusal(bmp), `it has 5 x ${2 ** 30} pixels, and 10000 are the most`)
  })
})

describe("a BMP", () => {
  const changed = (change: (bytes: Buffer) => void, name = "palette.bmp") => {
    const bytes = Buffer.from(fileOf(name))
    change(bytes)
    return refusal(bytes)
  }

  it("is read from its first row where its height is negative", async () => {
    const bytes = Buffer.from(fileOf("rgb.bmp"))
    bytes.writeInt32LE(-5, 22)
    const { pixels_HWC } = await decodeImage(bytes, options)
    const rows = Array.from({ length: 5 }, (_, y) =>
      recorded("rgb.bmp").pixels_HWC.slice(y * 21, y * 21 + 21)
    )
    assert.deepStrictEqual([...pixels_HWC], rows.toReversed().flat())
  })

  it("of 16 bits a pixel has five bits a channel, or as many as its masks have", async () => {
    const bytes = Buffer.alloc(14 + 40 + 12 + 4)
    bytes.write("BM")
    for (const [at, value] of [
      [10, 66],
      [14, 40],
      [18, 2],
      [22, 1]
    ] as const)
      bytes.writeInt32LE(value, at)
    bytes.writeUInt16LE(16, 28)
    bytes.writeUInt16LE(0x7c1f, 66)
    bytes.writeUInt16LE(0x03e0, 68)
    assert.deepStrictEqual([...(await decodeImage(bytes, options)).pixels_HWC], [255, 0, 255, 0, 255, 0])
    bytes.writeUInt32LE(3, 30)
    for (const [channel, mask] of [0xf800, 0x07e0, 0x001f].entries())
      bytes.writeUInt32LE(mask, 54 + channel * 4)
    bytes.writeUInt16LE(0xf800, 66)
    bytes.writeUInt16LE(0x0400, 68)
    // 32 of 63.
    assert.deepStrictEqual([...(await decodeImage(bytes, options)).pixels_HWC], [255, 0, 0, 0, 130, 0])
  })

  it("is told of where its header is not what is read", async () => {
    assert.include(await changed((bytes) => bytes.writeUInt32LE(12, 14)), "header has 12 bytes")
    assert.include(await changed((bytes) => bytes.writeInt32LE(0, 18)), "5 x 0 pixels")
    assert.include(await changed((bytes) => bytes.writeUInt32LE(1, 30)), "compressed BMP")
    assert.include(await changed((bytes) => bytes.writeUInt16LE(7, 28)), "7 bits a pixel")
    assert.include(await changed((bytes) => bytes.writeUInt32LE(2 ** 31, 46)), "table of colours")
    assert.include(await changed((bytes) => bytes.writeUInt32LE(1, 46)), "its table has 1")
    assert.include(await changed((bytes) => bytes.writeUInt32LE(2 ** 31, 10)), "ends before its last pixel")
  })
})
