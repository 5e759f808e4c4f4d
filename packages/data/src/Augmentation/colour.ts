import { grayWeights } from "./ColorJitter.ts"

/**
 * Operations on the colours of one image on the host, as torchvision's functional ones on float images define them. Each
 * takes values in 0..1, row after row, channels innermost, and gives new ones in 0..1; where it changes nothing, it gives
 * back what it was given. Saturation, hue and gray are of images of 3 channels: red, green, blue.
 */

const [redWeight, greenWeight, blueWeight] = grayWeights

const clip = (value: number): number => (value < 0 ? 0 : value > 1 ? 1 : value)

const grayAt = (values: Float32Array, at: number): number =>
  redWeight * values[at]! + greenWeight * values[at + 1]! + blueWeight * values[at + 2]!

/** Every value times `factor`; 1 = unchanged. */
export const brightness = (values_HWC: Float32Array, factor: number): Float32Array => {
  if (factor === 1) return values_HWC
  const changed = new Float32Array(values_HWC.length)
  for (let at = 0; at < changed.length; at++) changed[at] = clip(factor * values_HWC[at]!)
  return changed
}

/** Multiplies the distance of every value to the image's mean gray by `factor`; 1 = unchanged. */
export const contrast = (values_HWC: Float32Array, channels: number, factor: number): Float32Array => {
  if (factor === 1) return values_HWC
  const changed = new Float32Array(values_HWC.length)
  const means = channelMeans(values_HWC, channels)
  // Gray is linear in the channels, so the mean comes first: no gray image is made.
  const gray = channels === 3 ? grayAt(means, 0) : undefined
  for (let channel = 0; channel < channels; channel++) {
    const offset = (1 - factor) * (gray ?? means[channel]!)
    for (let at = channel; at < changed.length; at += channels) {
      changed[at] = clip(factor * values_HWC[at]! + offset)
    }
  }
  return changed
}

const channelMeans = (values_HWC: Float32Array, channels: number): Float32Array =>
  Float32Array.from({ length: channels }, (_, channel) => {
    let sum = 0
    for (let at = channel; at < values_HWC.length; at += channels) sum += values_HWC[at]!
    return (sum * channels) / values_HWC.length
  })

/** Multiplies the distance of every value to its pixel's gray by `factor`; 1 = unchanged, 0 = gray. */
export const saturation = (values_HWC: Float32Array, factor: number): Float32Array => {
  if (factor === 1) return values_HWC
  const changed = new Float32Array(values_HWC.length)
  for (let at = 0; at < changed.length; at += 3) {
    const offset = (1 - factor) * grayAt(values_HWC, at)
    changed[at] = clip(factor * values_HWC[at]! + offset)
    changed[at + 1] = clip(factor * values_HWC[at + 1]! + offset)
    changed[at + 2] = clip(factor * values_HWC[at + 2]! + offset)
  }
  return changed
}

/**
 * Turns the hue of every pixel, value and saturation as they are (HSV, the hexagon of Smith 1978); 1 is the whole circle,
 * a third makes red green.
 */
export const hue = (values_HWC: Float32Array, turns: number): Float32Array => {
  if (turns === 0) return values_HWC
  const changed = new Float32Array(values_HWC.length)
  for (let at = 0; at < changed.length; at += 3) {
    const red = values_HWC[at]!
    const green = values_HWC[at + 1]!
    const blue = values_HWC[at + 2]!
    const most = Math.max(red, green, blue)
    const chroma = most - Math.min(red, green, blue)
    const sixths = chroma === 0 ? 0 : sixthsOf(red, green, blue, most, chroma)
    const turned = sixths + 6 * turns
    changed[at] = most - chroma * missing(turned + 5)
    changed[at + 1] = most - chroma * missing(turned + 3)
    changed[at + 2] = most - chroma * missing(turned + 1)
  }
  return changed
}

/** The hue in sixths of the circle, red being 0: -1 to 5. */
const sixthsOf = (red: number, green: number, blue: number, most: number, chroma: number): number => {
  if (most === red) return (green - blue) / chroma
  if (most === green) return 2 + (blue - red) / chroma
  return 4 + (red - green) / chroma
}

/** How much of the chroma a channel lacks that stands `sixths` from where it begins to: 0 to 1, of period 6. */
const missing = (sixths: number): number => {
  const around = sixths - 6 * Math.floor(sixths / 6)
  return Math.max(0, Math.min(around, 4 - around, 1))
}

/** Every pixel's gray in all three channels. */
export const grayscale = (values_HWC: Float32Array): Float32Array => {
  const changed = new Float32Array(values_HWC.length)
  for (let at = 0; at < changed.length; at += 3) {
    const gray = grayAt(values_HWC, at)
    changed[at] = gray
    changed[at + 1] = gray
    changed[at + 2] = gray
  }
  return changed
}

/** Values of at least `threshold` become what they lack to white: 1 minus the value. */
export const solarize = (values_HWC: Float32Array, threshold: number): Float32Array =>
  values_HWC.map((value) => (value >= threshold ? 1 - value : value))
