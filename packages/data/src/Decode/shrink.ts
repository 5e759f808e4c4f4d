import type { Image, ImageSize } from "../ImageSource.ts"

const channels = 3
/** Of a weight, behind the point; sums of weighted bytes fit into 32 bits. */
const digits = 22
const half = 2 ** (digits - 1)

/** The size of an image whose shorter side is shrunk to `shorterSide` pixels, as torchvision's `Resize` has it; 0 = as it is. */
export const shrunkSize = ({ height, width }: ImageSize, shorterSide: number): ImageSize => {
  const shorter = Math.min(height, width)
  if (shorterSide === 0 || shorter <= shorterSide) return { height, width }
  const longer = Math.floor((shorterSide * Math.max(height, width)) / shorter)
  return width >= height ? { height: shorterSide, width: longer } : { height: longer, width: shorterSide }
}

/**
 * Shrinks an RGB image whose shorter side is longer than `shorterSide` pixels; any other is given back as it is.
 *
 * The pixels are those of Pillow's `resize` by its bilinear filter: a triangle as wide as two output pixels, along the
 * rows, then along the columns, in its whole numbers. The project's addon does the same (native/kernels/shrink).
 */
export const shrink = (image: Image, shorterSide: number): Image => {
  const { height, width } = shrunkSize(image, shorterSide)
  if (height === image.height && width === image.width) return image
  const narrow =
    width === image.width
      ? image.pixels_HWC
      : alongRows(image.pixels_HWC, image, weightsOf(image.width, width))
  const pixels_HWC =
    height === image.height ? narrow : alongColumns(narrow, width * channels, weightsOf(image.height, height))
  return { height, width, pixels_HWC }
}

/** What every output pixel of a side is made of. */
interface Weights {
  readonly outputs: number
  readonly first: Int32Array
  readonly count: Int32Array
  /** `most` for every output. */
  readonly values: Int32Array
  readonly most: number
}

const weightsOf = (inputs: number, outputs: number): Weights => {
  const scale = inputs / outputs
  const most = Math.ceil(scale) * 2 + 1
  const [first, count] = [new Int32Array(outputs), new Int32Array(outputs)]
  const values = new Int32Array(outputs * most)
  for (let output = 0; output < outputs; output++) {
    const centre = (output + 0.5) * scale
    const from = Math.max(0, Math.trunc(centre - scale + 0.5))
    const numTaps = Math.min(inputs, Math.trunc(centre + scale + 0.5)) - from
    const exact = Array.from({ length: numTaps }, (_, tap) => {
      const distance = Math.abs((tap + from - centre + 0.5) * (1 / scale))
      return distance < 1 ? 1 - distance : 0
    })
    const sum = exact.reduce((total, weight) => total + weight, 0)
    exact.forEach((weight, tap) => {
      values[output * most + tap] = Math.trunc(0.5 + (weight / sum) * 2 ** digits)
    })
    first[output] = from
    count[output] = numTaps
  }
  return { outputs, first, count, values, most }
}

/** No weight is negative, and their sum is 1 but for its rounding. */
const clipped = (sum: number): number => Math.min(255, sum >> digits)

const alongRows = (pixels_HWC: Uint8Array, { height, width }: ImageSize, weights: Weights): Uint8Array => {
  const { count, first, most, outputs, values } = weights
  const narrow = new Uint8Array(height * outputs * channels)
  let to = 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < outputs; x++) {
      let at = (y * width + first[x]!) * channels
      let [red, green, blue] = [half, half, half]
      const end = x * most + count[x]!
      for (let weight = x * most; weight < end; weight++) {
        const by = values[weight]!
        red += by * pixels_HWC[at]!
        green += by * pixels_HWC[at + 1]!
        blue += by * pixels_HWC[at + 2]!
        at += channels
      }
      narrow[to] = clipped(red)
      narrow[to + 1] = clipped(green)
      narrow[to + 2] = clipped(blue)
      to += channels
    }
  }
  return narrow
}

const alongColumns = (rows: Uint8Array, rowLength: number, weights: Weights): Uint8Array<ArrayBuffer> => {
  const { count, first, most, outputs, values } = weights
  const low = new Uint8Array(outputs * rowLength)
  for (let y = 0; y < outputs; y++) {
    for (let x = 0; x < rowLength; x++) {
      let sum = half
      for (let tap = 0; tap < count[y]!; tap++) {
        sum += values[y * most + tap]! * rows[(first[y]! + tap) * rowLength + x]!
      }
      low[y * rowLength + x] = clipped(sum)
    }
  }
  return low
}
