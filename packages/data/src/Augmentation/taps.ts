/** What every output pixel of an axis is made of: `count` input pixels from `first` on, by weights of sum 1. */
export interface Taps {
  readonly outputs: number
  readonly first: Int32Array
  readonly count: Int32Array
  /** `most` of them for every output. */
  readonly weights: Float64Array
  readonly most: number
}

/** No weights yet: room for `most` taps for each of `outputs` pixels. */
export const emptyTaps = (outputs: number, most: number): Taps => ({
  outputs,
  first: new Int32Array(outputs),
  count: new Int32Array(outputs),
  weights: new Float64Array(outputs * most),
  most
})

/** A part of an image that lies in memory row after row, channels innermost; in pixels. */
export interface Window {
  /** Of a row of the whole image. */
  readonly width: number
  readonly channels: number
  readonly top: number
  readonly left: number
  readonly numRows: number
}

/**
 * Makes every pixel of a window's rows of weighted means along its row.
 *
 * @param taps  count the window's columns from 0
 * @param mirrored  whether the outputs stand the other way round
 * @returns `numRows` rows of as many pixels as `taps` has outputs
 */
export const alongRows = (
  values_HWC: Uint8Array | Float32Array,
  { channels, left, numRows, top, width }: Window,
  { count, first, most, outputs, weights }: Taps,
  mirrored = false
): Float32Array => {
  const means = new Float32Array(numRows * outputs * channels)
  let to = 0
  for (let y = top; y < top + numRows; y++) {
    const row = (y * width + left) * channels
    for (let x = 0; x < outputs; x++) {
      const output = mirrored ? outputs - 1 - x : x
      const weight = output * most
      const numTaps = count[output]!
      let at = row + first[output]! * channels
      // The three sums of a pixel in colour stay in registers; an image has few channels otherwise.
      if (channels === 3) {
        let red = 0
        let green = 0
        let blue = 0
        for (let tap = 0; tap < numTaps; tap++) {
          const by = weights[weight + tap]!
          red += by * values_HWC[at]!
          green += by * values_HWC[at + 1]!
          blue += by * values_HWC[at + 2]!
          at += 3
        }
        means[to] = red
        means[to + 1] = green
        means[to + 2] = blue
        to += 3
        continue
      }
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0
        for (let tap = 0; tap < numTaps; tap++) {
          sum += weights[weight + tap]! * values_HWC[at + tap * channels + channel]!
        }
        means[to++] = sum
      }
    }
  }
  return means
}

/**
 * Makes every value of weighted means along its column, times `scale`.
 *
 * @param values  rows of `rowLength` values, channels included
 * @returns as many rows as `taps` has outputs
 */
export const alongColumns = (
  values: Float32Array,
  rowLength: number,
  { count, first, most, outputs, weights }: Taps,
  scale: number
): Float32Array => {
  const means = new Float32Array(outputs * rowLength)
  for (let y = 0; y < outputs; y++) {
    const from = first[y]! * rowLength
    const weight = y * most
    const end = from + count[y]! * rowLength
    for (let x = 0; x < rowLength; x++) {
      let sum = 0
      let tap = weight
      for (let at = from + x; at < end; at += rowLength) sum += weights[tap++]! * values[at]!
      means[y * rowLength + x] = sum * scale
    }
  }
  return means
}
