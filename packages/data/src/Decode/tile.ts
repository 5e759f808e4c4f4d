import sharp from "sharp"
import type { Image } from "../ImageSource.ts"

/** Of one side, in pixels. */
const white = { r: 255, g: 255, b: 255 } as const

/**
 * Images side by side in rows, as PNG: each in a square of `side` pixels, larger ones shrunk and smaller ones enlarged
 * without blurring their pixels.
 *
 * @param rows  may be of different lengths;  @param channels  1 or 3
 */
export const tile = async (
  rows: ReadonlyArray<ReadonlyArray<Image>>,
  channels: number,
  { gap, side }: { readonly side: number; readonly gap: number }
): Promise<Uint8Array> => {
  const step = side + gap
  const width = Math.max(...rows.map((row) => row.length)) * step - gap
  const placed = rows.flatMap((row, y) => row.map((image, x) => ({ image, left: x * step, top: y * step })))
  const tiles = await Promise.all(
    placed.map(async ({ image, left, top }) => ({ input: await square(image, channels, side), left, top }))
  )
  return await sharp({ create: { width, height: rows.length * step - gap, channels: 3, background: white } })
    .composite(tiles)
    .png()
    .toBuffer()
}

const square = ({ height, pixels_HWC, width }: Image, channels: number, side: number): Promise<Buffer> =>
  sharp(pixels_HWC, { raw: { height, width, channels: channels === 1 ? 1 : 3 } })
    .toColourspace("srgb")
    .resize(side, side, {
      fit: "contain",
      background: white,
      kernel: Math.max(height, width) < side ? "nearest" : "lanczos3"
    })
    .png()
    .toBuffer()
