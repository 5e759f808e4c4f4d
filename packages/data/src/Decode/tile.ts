import sharp from "sharp"
import type { Image } from "../ImageSource.ts"

/** Of one side, in pixels. */
const white = { r: 255, g: 255, b: 255 } as const

/**
 * Images side by side in rows, as PNG or, a fifth of it for photographs, WebP: each in a square of `side` pixels, larger
 * ones shrunk and smaller ones enlarged without blurring their pixels.
 *
 * @param rows  may be of different lengths;  @param channels  of images in colour 3; of other images with more than one
 *   the first is shown, as gray
 */
export const tile = async (
  rows: ReadonlyArray<ReadonlyArray<Image>>,
  channels: number,
  { format = "png", gap, side }: TileOptions
): Promise<Uint8Array> => {
  const step = side + gap
  const width = Math.max(...rows.map((row) => row.length)) * step - gap
  const placed = rows.flatMap((row, y) => row.map((image, x) => ({ image, left: x * step, top: y * step })))
  const tiles = await Promise.all(
    placed.map(async ({ image, left, top }) => ({ input: await square(image, channels, side), left, top }))
  )
  return await sharp({ create: { width, height: rows.length * step - gap, channels: 3, background: white } })
    .composite(tiles)
    .toFormat(format)
    .toBuffer()
}

export interface TileOptions {
  /** Of one square, pixels. */
  readonly side: number
  /** Between two squares, pixels. */
  readonly gap: number
  /** Default: `png`. */
  readonly format?: "png" | "webp"
}

const square = ({ height, pixels_HWC, width }: Image, channels: number, side: number): Promise<Buffer> =>
  sharp(channels === 3 ? pixels_HWC : firstOf(pixels_HWC, channels), {
    raw: { height, width, channels: channels === 3 ? 3 : 1 }
  })
    .toColourspace("srgb")
    .resize(side, side, {
      fit: "contain",
      background: white,
      kernel: Math.max(height, width) < side ? "nearest" : "lanczos3"
    })
    .png()
    .toBuffer()

/** The first channel of each pixel. */
const firstOf = (pixels_HWC: Uint8Array, channels: number): Uint8Array =>
  channels === 1
    ? pixels_HWC
    : Uint8Array.from({ length: pixels_HWC.length / channels }, (_, pixel) => pixels_HWC[pixel * channels]!)
