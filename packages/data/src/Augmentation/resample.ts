import type { CropBox } from "../AugmentationPlan.ts"
import type { Image, ImageSize } from "../ImageSource.ts"
import { alongColumns, alongRows, emptyTaps, type Taps } from "./taps.ts"

/** A byte as a part of white. */
const ofByte = 1 / 255

/** How a side of `length` pixels is stretched or shrunk to `outputs` pixels. */
export type SidesOf = (length: number, outputs: number) => Taps

/**
 * Crops an image, mirrors it where asked to, and stretches it to `output`: the crop of `Crop.ts` on the host, one image of
 * any size at a time.
 *
 * Pixel centres map to pixel centres and the box's edge pixels are repeated. A side that is shrunk is averaged by a
 * triangle as wide as two output pixels, one that is stretched is interpolated (Pillow's and torchvision's `bilinear`
 * with `antialias`); nothing is rounded to bytes in between.
 *
 * @param sidesOf  {@link sideTaps}, or what remembers it
 * @returns values in 0..1, row after row, channels innermost
 */
export const resample = (
  { pixels_HWC, width }: Image,
  channels: number,
  { crop, flip }: { readonly crop: CropBox; readonly flip: boolean },
  output: ImageSize,
  sidesOf: SidesOf = sideTaps
): Float32Array => {
  const window = { width, channels, top: crop.top, left: crop.left, numRows: crop.height }
  // The rows first: they lie in memory one after the other, and are then as narrow as the output.
  const narrow = alongRows(pixels_HWC, window, sidesOf(crop.width, output.width), flip)
  return alongColumns(narrow, output.width * channels, sidesOf(crop.height, output.height), ofByte)
}

/** The weights that make `outputs` pixels of a side of `length`; pixels are counted from the side's start. */
export const sideTaps: SidesOf = (length, outputs) => {
  const reach = Math.max(1, length / outputs)
  const taps = emptyTaps(outputs, Math.ceil(2 * reach) + 1)
  for (let output = 0; output < outputs; output++) {
    const centre = ((output + 0.5) * length) / outputs - 0.5
    // Where nothing is shrunk, the edge pixel is all there is beyond its centre.
    const seen = length > outputs ? centre : Math.min(Math.max(centre, 0), length - 1)
    const first = Math.max(0, Math.floor(seen - reach) + 1)
    const last = Math.min(length - 1, Math.ceil(seen + reach) - 1)
    const from = output * taps.most
    let sum = 0
    for (let input = first; input <= last; input++) {
      const weight = 1 - Math.abs(input - seen) / reach
      taps.weights[from + input - first] = weight
      sum += weight
    }
    for (let tap = 0; tap <= last - first; tap++) taps.weights[from + tap]! /= sum
    taps.first[output] = first
    taps.count[output] = last - first + 1
  }
  return taps
}

/** {@link sideTaps} that is worked out once for every length: the boxes of a batch have many sides in common. */
export const rememberedSides = (): SidesOf => {
  const known = new Map<string, Taps>()
  return (length, outputs) => {
    const name = `${length} to ${outputs}`
    const taps = known.get(name) ?? sideTaps(length, outputs)
    known.set(name, taps)
    return taps
  }
}
