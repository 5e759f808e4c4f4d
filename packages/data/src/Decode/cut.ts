import sharp from "sharp"

/** A part of a picture, in its pixels. */
export interface Part {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Parts of a picture, each as a PNG; the picture is decoded once, however many there are. */
export const cut = async (
  picture: Uint8Array,
  parts: ReadonlyArray<Part>
): Promise<ReadonlyArray<Uint8Array>> => {
  const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true })
  const { channels, height, width } = info
  return await Promise.all(
    parts.map((part) => sharp(data, { raw: { channels, height, width } }).extract(part).png().toBuffer())
  )
}
