import { Effect } from "effect"
import type { Image, ImageReadError, ImageSource } from "../ImageSource.ts"
import { readRange } from "../ImageSource.ts"
import { minStd } from "./check.ts"

/** Per channel, of pixels / 255. */
export interface ChannelStatistics {
  readonly mean: ReadonlyArray<number>
  readonly std: ReadonlyArray<number>
}

/** Images that are held at a time, where they are not larger than usual. */
const chunkSize = 256
/** Bytes of images that are held at a time. */
const chunkBytes = 2 ** 26

/** Mean and standard deviation of every channel of a source's images, in one pass over them. */
export const channelStatistics = Effect.fn("Dataset.channelStatistics")(function* (source: ImageSource) {
  const counts = noCounts(source.channels)
  const { channels, numImages, size } = source
  const bytesEach = size.kind === "fixed" ? size.height * size.width * channels : 0
  const step = Math.max(1, Math.min(chunkSize, Math.floor(chunkBytes / Math.max(1, bytesEach))))
  for (let from = 0; from < numImages; from += step) {
    const to = Math.min(numImages, from + step)
    count(counts, yield* readRange(source, from, to))
  }
  return statisticsOf(counts)
}) satisfies (source: ImageSource) => Effect.Effect<ChannelStatistics, ImageReadError>

/** How often a byte occurs in a channel. */
type Counts = ReadonlyArray<Float64Array>

const noCounts = (channels: number): Counts => Array.from({ length: channels }, () => new Float64Array(256))

const count = (counts: Counts, images: ReadonlyArray<Pick<Image, "pixels_HWC">>): void => {
  for (const { pixels_HWC } of images) {
    counts.forEach((ofChannel, channel) => {
      for (let offset = channel; offset < pixels_HWC.length; offset += counts.length) {
        ofChannel[pixels_HWC[offset]!]! += 1
      }
    })
  }
}

/**
 * Sums of bytes and of their squares are exact integers, so the result is the same on every machine and in any order of
 * the images. A byte has 256 values, so counting them is all that is done for each pixel. An image set of one colour is
 * normalised to zeros, not to infinities: its standard deviation is given as {@link minStd}.
 */
const statisticsOf = (counts: Counts): ChannelStatistics => {
  const ofChannels = counts.map((ofChannel) => {
    const numPixels = ofChannel.reduce((total, number) => total + number, 0)
    const sum = ofChannel.reduce((total, number, value) => total + number * value, 0)
    const sumOfSquares = ofChannel.reduce((total, number, value) => total + number * value * value, 0)
    const mean = sum / numPixels / 255
    const variance = sumOfSquares / numPixels / 255 ** 2 - mean ** 2
    return { mean, std: Math.max(minStd, Math.sqrt(Math.max(0, variance))) }
  })
  return { mean: ofChannels.map(({ mean }) => mean), std: ofChannels.map(({ std }) => std) }
}

/** {@link channelStatistics} of pixels that are at hand. */
export const pixelStatistics = (pixels_NHWC: Uint8Array, channels: number): ChannelStatistics => {
  const counts = noCounts(channels)
  count(counts, [{ pixels_HWC: pixels_NHWC }])
  return statisticsOf(counts)
}
