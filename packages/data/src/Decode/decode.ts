import sharp, { type Sharp } from "sharp"
import type { Image } from "../ImageSource.ts"
import { decodeBmp } from "./bmp.ts"
import { formatNames, formatOf } from "./format.ts"
import { channelsOfFiles, type DecodeOptions } from "./options.ts"
import { shrink } from "./shrink.ts"

/** Several images are decoded side by side; threads for each of them would be more than there are processors. */
sharp.concurrency(1)
/** No file is asked for twice in a row. */
sharp.cache(false)

/**
 * Decodes a JPEG, PNG, WebP, GIF (its first frame) or BMP into RGB: turned as its EXIF says, gray and CMYK converted,
 * 16 bits a channel cut to 8, and laid on the background where it is transparent.
 *
 * The pixels are those that Pillow gives: `ImageOps.exif_transpose`, `convert("RGB")`, and `resize` to the shorter side by
 * its bilinear filter. A profile of colours is not looked at, as Pillow does not.
 *
 * @throws Error  whose message says what is wrong with the file
 */
export const decodeImage = async (bytes: Uint8Array, options: DecodeOptions): Promise<Image> => {
  const format = formatOf(bytes)
  // Nothing else is given to the library: it also knows formats that lead to further files.
  if (format === undefined) throw new Error(`it is no ${formatNames}`)
  if (format === "bmp") return finished(rawOf(decodeBmp(bytes, options)), options)
  const limits = {
    limitInputPixels: options.maxPixels,
    failOn: "truncated",
    pages: 1,
    ignoreIcc: true
  } as const
  const input = sharp(bytes, limits)
  if (format !== "jpeg" || !(await isCmyk(input))) return finished(input.autoOrient(), options)
  // Kept as it is: the library would go by a press's profile.
  const inked = input.autoOrient().pipelineColourspace("cmyk").toColourspace("cmyk")
  const { data, info } = await inked.raw().toBuffer({ resolveWithObject: true })
  return finished(rawOf({ ...info, pixels_HWC: withoutInk(data) }), options)
}

const isCmyk = async (input: Sharp) => (await input.metadata()).space === "cmyk"

const rawOf = ({ height, pixels_HWC, width }: Image) =>
  sharp(pixels_HWC, { raw: { height, width, channels: channelsOfFiles } })

/** What remains of white below these inks. Without the press's profile, as Pillow does it. */
const withoutInk = (ink_HW4: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: (ink_HW4.length / 4) * 3 }, (_, offset) => {
    const [pixel, channel] = [Math.floor(offset / 3) * 4, offset % 3]
    return Math.round(((255 - ink_HW4[pixel + channel]!) * (255 - ink_HW4[pixel + 3]!)) / 255)
  })

/** The pixels at the end of what is done to an image. */
const finished = async (turned: Sharp, { background, shorterSide }: DecodeOptions): Promise<Image> => {
  const [r = 0, g = 0, b = 0] = background
  const opaque = turned.flatten({ background: { r, g, b } }).toColourspace("srgb").removeAlpha()
  const { data, info } = await opaque.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true })
  const { channels, height, width } = info
  const pixels_HWC = channels === 1 ? repeated(data) : whole(data)
  if (pixels_HWC.length !== height * width * channelsOfFiles) throw new Error(`it has ${channels} channels`)
  return shrink({ height, width, pixels_HWC }, shorterSide)
}

/** Gray as RGB. */
const repeated = (gray: Uint8Array): Uint8Array =>
  Uint8Array.from(
    { length: gray.length * channelsOfFiles },
    (_, offset) => gray[Math.floor(offset / channelsOfFiles)]!
  )

/** Memory that can be given to another thread as it is; the library's cannot. */
const whole = (data: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(data)
