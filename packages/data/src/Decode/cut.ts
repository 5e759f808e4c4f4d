import sharp from "sharp"

/** A part of a picture, in its pixels. */
export interface Part {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/**
 * Parts of a picture, each as a PNG; the picture is decoded once, however many there are. Fails where it is damaged, has
 * more pixels than it is said to have, or where a part lies beyond it.
 */
export const cut = async (
  picture: Uint8Array,
  { height: maxHeight, width: maxWidth }: Pick<Part, "height" | "width">,
  parts: ReadonlyArray<Part>
): Promise<ReadonlyArray<Uint8Array>> => {
  const { data, info } = await sharp(picture, { limitInputPixels: maxHeight * maxWidth })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { channels, height, width } = info
  return await Promise.all(
    parts.map((part) => sharp(data, { raw: { channels, height, width } }).extract(part).png().toBuffer())
  )
}
