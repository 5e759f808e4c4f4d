import type { ImageSet } from "../Dataset.ts"
import { minStd } from "./check.ts"

/**
 * Mean and standard deviation of pixels / 255 for each channel.
 *
 * Sums of bytes and of their squares are exact integers, so the result is the same on every machine. A byte has 256
 * values, so counting them is all that is done for each pixel. An image set of one colour is normalised to zeros, not to
 * infinities: its standard deviation is given as {@link minStd}.
 */
export const channelStatistics = ({ channels, pixels_NHWC }: ImageSet) => {
  const mean: Array<number> = []
  const std: Array<number> = []
  const numPixels = pixels_NHWC.length / channels
  for (let channel = 0; channel < channels; channel++) {
    const counts = new Float64Array(256)
    for (let offset = channel; offset < pixels_NHWC.length; offset += channels) {
      counts[pixels_NHWC[offset]!]! += 1
    }
    const sum = counts.reduce((total, count, value) => total + count * value, 0)
    const sumOfSquares = counts.reduce((total, count, value) => total + count * value * value, 0)
    mean.push(sum / numPixels / 255)
    const variance = sumOfSquares / numPixels / 255 ** 2 - mean[channel]! ** 2
    std.push(Math.max(minStd, Math.sqrt(Math.max(0, variance))))
  }
  return { mean, std }
}
