import type { ImageSet } from "../Dataset.ts"

/** Smallest std that is divided by: an image set of one colour is normalised to zeros, not to infinities. */
const minStd = 1e-6

/**
 * Mean and standard deviation of pixels / 255 for each channel.
 *
 * Sums of bytes and of their squares are exact integers, so the result is the same on every machine.
 */
export const channelStatistics = ({ channels, pixels_NHWC }: ImageSet) => {
  const sum = new Float64Array(channels)
  const sumOfSquares = new Float64Array(channels)
  for (let offset = 0; offset < pixels_NHWC.length; offset += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const value = pixels_NHWC[offset + channel]!
      sum[channel]! += value
      sumOfSquares[channel]! += value * value
    }
  }
  const count = pixels_NHWC.length / channels
  const mean = Array.from(sum, (total) => total / count / 255)
  const std = Array.from(sumOfSquares, (total, channel) =>
    Math.max(minStd, Math.sqrt(Math.max(0, total / count / 255 ** 2 - mean[channel]! ** 2)))
  )
  return { mean, std }
}
