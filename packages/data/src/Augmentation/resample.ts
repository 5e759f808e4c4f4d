import type { Image } from "../ImageSource.ts"

/** Part of an axis of an image that is stretched or shrunk, in pixels. */
export interface Span {
  readonly start: number
  readonly length: number
  readonly mirrored: boolean
}

/** What every output pixel of an axis is made of: `count` input pixels from `first` on, by these weights. */
interface Taps {
  readonly first: Int32Array
  readonly count: Int32Array
  /** `most` of them for every output. */
  readonly weights: Float32Array
  readonly most: number
}

/**
 * Resamples the box of an image, whose sides are `rows` and `columns`, into `output` pixels of 0..1.
 *
 * Pixel centres map to pixel centres and the box's edge pixels are repeated. A side that is shrunk is averaged by a
 * triangle as wide as two output pixels, one that is stretched is interpolated (Pillow's and torchvision's `bilinear`
 * with `antialias`); nothing is rounded in between.
 *
 * @param into  float32; `height * width` pixels with the image's channels are written from `offset` on
 */
export const resample = (
  { pixels_HWC, width }: Image,
  channels: number,
  { columns, rows }: { readonly rows: Span; readonly columns: Span },
  output: { readonly height: number; readonly width: number },
  into: Float32Array,
  offset: number
): void => {
  const across = tapsOf(columns, output.width)
  const down = tapsOf(rows, output.height)
  const rowLength = output.width * channels
  // The rows of the box, as narrow as the output.
  const narrow = new Float32Array(rows.length * rowLength)
  for (let y = 0; y < rows.length; y++) {
    const row = (rows.start + y) * width * channels
    for (let x = 0; x < output.width; x++) {
      const from = row + across.first[x]! * channels
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0
        for (let tap = 0; tap < across.count[x]!; tap++) {
          sum += across.weights[x * across.most + tap]! * pixels_HWC[from + tap * channels + channel]!
        }
        narrow[y * rowLength + x * channels + channel] = sum
      }
    }
  }
  for (let y = 0; y < output.height; y++) {
    const from = (down.first[y]! - rows.start) * rowLength
    for (let at = 0; at < rowLength; at++) {
      let sum = 0
      for (let tap = 0; tap < down.count[y]!; tap++) {
        sum += down.weights[y * down.most + tap]! * narrow[from + tap * rowLength + at]!
      }
      into[offset + y * rowLength + at] = sum / 255
    }
  }
}

const tapsOf = ({ length, mirrored, start }: Span, outputs: number): Taps => {
  const reach = Math.max(1, length / outputs)
  const most = Math.ceil(2 * reach) + 1
  const taps = {
    first: new Int32Array(outputs),
    count: new Int32Array(outputs),
    weights: new Float32Array(outputs * most),
    most
  }
  for (let output = 0; output < outputs; output++) {
    const source = mirrored ? outputs - 1 - output : output
    const centre = ((source + 0.5) * length) / outputs - 0.5
    // Where nothing is shrunk, the box's edge pixel is all there is beyond its centre.
    const seen = length > outputs ? centre : Math.min(Math.max(centre, 0), length - 1)
    const first = Math.max(0, Math.ceil(seen - reach))
    const last = Math.min(length - 1, Math.floor(seen + reach))
    const weightOf = (input: number) => 1 - Math.abs(input - seen) / reach
    let sum = 0
    for (let input = first; input <= last; input++) sum += weightOf(input)
    for (let input = first; input <= last; input++) {
      taps.weights[output * most + input - first] = weightOf(input) / sum
    }
    taps.first[output] = start + first
    taps.count[output] = last - first + 1
  }
  return taps
}
