/** How an image lies in a file that holds a plane of every channel. */
export interface Planes {
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Whether a plane lies row after row, or column after column. */
  readonly order: "rows" | "columns"
}

/** Bytes of an image. */
export const numValues = ({ channels, height, width }: Omit<Planes, "order">): number =>
  height * width * channels

/**
 * Brings an image whose channels lie one after the other (all of red, then green, blue) into the order in which images
 * are held: row after row, channels innermost.
 *
 * @param planes  the image's bytes, read from `from` on
 * @param pixels_NHWC  where they are written, from `to` on; other memory than `planes`
 */
export const interleave = (
  { channels, height, order, width }: Planes,
  planes: Uint8Array,
  from: number,
  pixels_NHWC: Uint8Array,
  to: number
): void => {
  const [stepY, stepX] = order === "rows" ? [width, 1] : [1, height]
  for (let channel = 0; channel < channels; channel++) {
    const plane = from + channel * height * width
    let at = to + channel
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        pixels_NHWC[at] = planes[plane + y * stepY + x * stepX]!
        at += channels
      }
    }
  }
}
