import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, layer, onTestFinished } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import type { Waiting } from "@moco/data/Decode/Decoders"
import { decodeImage } from "@moco/data/Decode/decode"
import { startNative } from "@moco/data/Decode/native"
import type { Image } from "@moco/data/ImageSource"
import { loadedLibrary } from "@moco/native/NativeLibrary"
import { Effect } from "effect"
import fc from "fast-check"
import sharp from "sharp"

const folder = join(import.meta.dirname, "../parity/images")
const decoding = { background: [255, 255, 255], maxPixels: 10_000, shorterSide: 0 } as const
const usual = ["rgb.jpg", "subsampled.jpg", "gray.jpg", "turned-1.jpg"]
const unusual = [
  "progressive.jpg",
  "cmyk.jpg",
  "turned-2.jpg",
  "turned-6.jpg",
  "rgb.png",
  "rgb.gif",
  "rgb.bmp",
  "lossless.webp"
]

type Found = Image | "left to the other decoder"

/** The addon's decoder of one file after the other, until the test ends. */
const decoder = () => {
  const dir = mkdtempSync(join(tmpdir(), "moco-native-"))
  const others = {
    ask: ({ done }: Waiting) => done({ problem: "", isRead: false }),
    forget: () => {},
    end: () => Promise.resolve()
  }
  const decoders = startNative(loadedLibrary()!.images, 2, others)!
  onTestFinished(async () => {
    await decoders.end()
    rmSync(dir, { recursive: true })
  })
  return (bytes: Uint8Array, changes: Partial<Waiting["job"]> = {}): Promise<Found> => {
    const path = join(dir, "file.jpg")
    writeFileSync(path, bytes)
    const job = { ...decoding, path, maxBytes: 1e6, ...changes }
    return new Promise((resolve) =>
      decoders.ask({
        job,
        done: (outcome) => resolve("image" in outcome ? outcome.image : "left to the other decoder")
      })
    )
  }
}

const plain = (found: Found) =>
  typeof found === "string" ? found : { ...found, pixels_HWC: [...found.pixels_HWC] }

const fileOf = (name: string) => readFileSync(join(folder, name))

layer(Backend.layerTensorflow())("the addon's decoder", (it) => {
  it.effect("gives the pixels that Pillow gives of JPEGs of the usual kinds, and leaves all others", () =>
    Effect.promise(async () => {
      const decode = decoder()
      for (const name of usual) {
        assert.deepStrictEqual(
          plain(await decode(fileOf(name))) as unknown,
          JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")),
          name
        )
      }
      for (const name of unusual) {
        assert.strictEqual(await decode(fileOf(name)), "left to the other decoder", name)
      }
    })
  )

  it.effect("leaves what has too many pixels or bytes, is empty, is no file or was cut off", () =>
    Effect.promise(async () => {
      const decode = decoder()
      const bytes = fileOf("rgb.jpg")
      const left = "left to the other decoder"
      assert.strictEqual(await decode(bytes, { maxPixels: 34 }), left)
      assert.strictEqual(await decode(bytes, { maxBytes: bytes.length - 1 }), left)
      assert.strictEqual(await decode(bytes, { path: folder }), left)
      assert.strictEqual(await decode(bytes, { path: join(folder, "none.jpg") }), left)
      assert.strictEqual(await decode(new Uint8Array()), left)
      for (let length = 1; length < bytes.length; length += 7) {
        assert.strictEqual(await decode(bytes.subarray(0, length)), left)
      }
      assert.notStrictEqual(await decode(bytes, { maxPixels: 35, maxBytes: bytes.length }), left)
    })
  )

  it.effect(
    "always gives what the other decoder gives, of any size, quality and sampling, shrunk or not",
    () =>
      Effect.promise(async () => {
        const decode = decoder()
        const side = fc.integer({ min: 1, max: 60 })
        const encoding = fc.record({
          quality: fc.integer({ min: 1, max: 100 }),
          progressive: fc.boolean(),
          chromaSubsampling: fc.constantFrom("4:2:0", "4:4:4")
        })
        await fc.assert(
          fc.asyncProperty(
            ...[side, side, encoding, fc.nat(40), fc.nat(2 ** 31), fc.boolean()],
            async (height, width, options, shorterSide, seed, isGray) => {
              const pixels = Uint8Array.from({ length: height * width * 3 }, (_, at) =>
                Math.floor(128 + 127 * Math.sin(seed + at * at * (1 + (seed % 7))))
              )
              const raw = sharp(pixels, { raw: { height, width, channels: 3 } })
              const bytes = await (isGray ? raw.grayscale() : raw).jpeg(options).toBuffer()
              const expected = options.progressive
                ? "left to the other decoder"
                : await decodeImage(bytes, { ...decoding, shorterSide })
              assert.deepStrictEqual(plain(await decode(bytes, { shorterSide })), plain(expected))
            }
          )
        )
      })
  )

  it.effect(
    "never gives another image of a damaged file than the other decoder, nor one where that gives none",
    () =>
      Effect.promise(async () => {
        const decode = decoder()
        const files = usual.map(fileOf)
        const change = fc.tuple(fc.nat(2 ** 16 - 1), fc.nat(255))
        await fc.assert(
          fc.asyncProperty(
            fc.constantFrom(...files),
            fc.array(change, { minLength: 1, maxLength: 3 }),
            async (file, changes) => {
              const bytes = Buffer.from(file)
              for (const [place, value] of changes) bytes[(place * bytes.length) >> 16] = value
              const found = await decode(bytes)
              fc.pre(found !== "left to the other decoder")
              assert.deepStrictEqual(plain(found), plain(await decodeImage(bytes, decoding)))
            }
          ),
          { numRuns: 200 }
        )
      })
  )

  it.effect("leaves what has several scans, which may be many in a small file", () =>
    Effect.promise(async () => {
      const decode = decoder()
      for (const name of ["rgb.jpg", "progressive.jpg"]) {
        const bytes = fileOf(name)
        const scan = bytes.subarray(bytes.lastIndexOf(Buffer.from([0xff, 0xda])), -2)
        const again = Buffer.concat([bytes.subarray(0, -2), scan, bytes.subarray(-2)])
        assert.strictEqual(await decode(again), "left to the other decoder", name)
      }
    })
  )

  it.effect("reads an image that is a part of a file, and leaves a part that is not all there", () =>
    Effect.promise(async () => {
      const decode = decoder()
      const image = fileOf("rgb.jpg")
      const archive = Buffer.concat([Buffer.from("before"), image, Buffer.from("behind")])
      const part = { start: 6, end: 6 + image.length }
      assert.deepStrictEqual(plain(await decode(archive, { part })), plain(await decode(image)))
      assert.deepStrictEqual(
        plain(await decode(archive, { part, maxBytes: image.length })),
        plain(await decode(image))
      )
      for (const other of [
        { start: 5, end: part.end },
        { start: 6, end: part.end - 1 },
        { start: 6, end: archive.length + 1 },
        { start: archive.length + 9, end: archive.length + 20 },
        { start: 9, end: 6 }
      ]) {
        assert.strictEqual(await decode(archive, { part: other }), "left to the other decoder")
      }
      const few = { part, maxBytes: image.length - 1 }
      assert.strictEqual(await decode(archive, few), "left to the other decoder")
    })
  )

  it.effect("does not look at a profile of colours, as Pillow does not", () =>
    Effect.promise(async () => {
      const decode = decoder()
      const pixels = Uint8Array.from({ length: 48 }, (_, at) => (at * 37) % 256)
      const image = sharp(pixels, { raw: { height: 4, width: 4, channels: 3 } })
      const bytes = await image.withIccProfile("p3").jpeg({ quality: 100 }).toBuffer()
      assert.include(bytes.toString("latin1"), "ICC_PROFILE")
      assert.deepStrictEqual(plain(await decode(bytes)), plain(await decodeImage(bytes, decoding)))
    })
  )
})
