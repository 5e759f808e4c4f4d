import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import * as CounterRandom from "@moco/core/CounterRandom"
import sharp from "sharp"

const size = { width: 500, height: 375 } as const

/** Random pixels, `side` of them to a side, stretched to a photograph's size: what varies as slowly as that. */
const clouds = (random: CounterRandom.CounterRandom, side: number) => {
  const pixels = Uint8Array.from({ length: side * side * 3 }, () => random.below(256))
  return sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .resize(size.width, size.height, { fit: "fill", kernel: "cubic" })
    .removeAlpha()
    .raw()
    .toBuffer()
}

/**
 * Writes `count` JPEGs of 500 x 375 pixels, quality 90: large shapes, textures and some grain, in colour. They are as
 * large as photographs of that size are, some 100 KB.
 *
 * @returns bytes of a file, on average
 */
export const writePhotographs = async (folder: string, count: number): Promise<number> => {
  await mkdir(folder, { recursive: true })
  let numBytes = 0
  for (let index = 0; index < count; index++) {
    const random = CounterRandom.make(1, CounterRandom.Purpose.synthetic, index)
    const [large = Buffer.of(), middle = Buffer.of(), small = Buffer.of()] = await Promise.all(
      [6, 40, 160].map((side) => clouds(random, side))
    )
    const pixels = large.map((value, at) => value * 0.6 + middle[at]! * 0.25 + small[at]! * 0.15)
    const written = await sharp(pixels, { raw: { ...size, channels: 3 } })
      .jpeg({ quality: 90 })
      .toFile(join(folder, `${String(index).padStart(6, "0")}.jpg`))
    numBytes += written.size
  }
  return numBytes / count
}
