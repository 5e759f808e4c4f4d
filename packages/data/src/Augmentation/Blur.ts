import type { CounterRandom } from "@moco/core/CounterRandom"
import * as tf from "@tensorflow/tfjs-core"
import type { AugmentationPlan } from "../AugmentationPlan.ts"
import type { Dataset } from "../Dataset.ts"
import type { Range } from "./Crop.ts"
import { weightedMeans } from "./separable.ts"
import { alongColumns, alongRows, emptyTaps, type Taps } from "./taps.ts"

/** Draws the standard deviation of a blur in pixels, uniform in `sigma`, like torchvision's `GaussianBlur`. */
export const drawSigma = (random: CounterRandom, sigma: Range): number =>
  sigma.min + random.uniform() * (sigma.max - sigma.min)

/**
 * Gaussian blur of MoCo v2 (Chen et al. 2020), each image by the sigma of its plan.
 *
 * torchvision's `GaussianBlur`: weights exp(-offset^2 / (2 sigma^2)) over a kernel, divided by their sum; outside the
 * image stands its mirror image without the edge pixel ("reflect"). torchvision wants one kernel size for all; here it
 * follows sigma: radius ceil(3 sigma), which leaves out less than 0.3 % of a Gaussian, and at most `size - 1`, the
 * farthest that "reflect" is defined for.
 *
 * An image whose plan has sigma 0 comes out to the bit. Where no plan blurs, `image_NHWC` itself is returned. What a
 * blurred image becomes does not depend on the rest of the batch, except that TensorFlow multiplies a lone matrix by
 * another kernel than a batch of them: the last bit may differ in a batch of one.
 *
 * @param image_NHWC  float32;  @param plans  one per image
 */
export const blur = (image_NHWC: tf.Tensor4D, plans: ReadonlyArray<AugmentationPlan>): tf.Tensor4D => {
  const sigmas = plans.map((plan) => plan.blur)
  if (sigmas.every((sigma) => sigma === 0)) return image_NHWC
  const [, height, width] = image_NHWC.shape
  const rows_NHH = blurringWeights(height, sigmas)
  const columns_NWW = width === height ? rows_NHH : blurringWeights(width, sigmas)
  return weightedMeans(image_NHWC, rows_NHH, columns_NWW)
}

/**
 * {@link blur} of one image on the host.
 *
 * @param values_HWC  row after row, channels innermost
 */
export const blurImage = (
  values_HWC: Float32Array,
  { channels, height, width }: Dataset["Service"]["input"],
  sigma: number
): Float32Array => {
  if (sigma === 0) return values_HWC
  const window = { width, channels, top: 0, left: 0, numRows: height }
  const rows = alongRows(values_HWC, window, blurTaps(width, sigma))
  return alongColumns(rows, width * channels, blurTaps(height, sigma), 1)
}

/** The weights that blur a side; what "reflect" reads twice is read once, by both weights. */
const blurTaps = (size: number, sigma: number): Taps => {
  const kernel = halfKernel(sigma, size)
  const radius = kernel.length - 1
  const taps = emptyTaps(size, 2 * radius + 1)
  for (let output = 0; output < size; output++) {
    const first = Math.max(0, output - radius)
    for (let offset = -radius; offset <= radius; offset++) {
      const tap = reflect(output + offset, size) - first
      taps.weights[output * taps.most + tap]! += kernel[Math.abs(offset)]!
    }
    taps.first[output] = first
    taps.count[output] = Math.min(size - 1, output + radius) - first + 1
  }
  return taps
}

/** For each sigma the `size x size` matrix that blurs an axis: row = output pixel, column = input. */
const blurringWeights = (size: number, sigmas: ReadonlyArray<number>): tf.Tensor3D => {
  // Summed in float64: at an edge several offsets meet in one pixel.
  const weights = new Float64Array(sigmas.length * size * size)
  sigmas.forEach((sigma, image) => {
    const kernel = halfKernel(sigma, size)
    for (let output = 0; output < size; output++) {
      const row = (image * size + output) * size
      for (let offset = 1 - kernel.length; offset < kernel.length; offset++) {
        weights[row + reflect(output + offset, size)]! += kernel[Math.abs(offset)]!
      }
    }
  })
  return tf.tensor3d(Float32Array.from(weights), [sigmas.length, size, size])
}

/** Weights of the offsets 0, 1, ... radius; both sides together sum to 1. */
export const halfKernel = (sigma: number, size: number): ReadonlyArray<number> => {
  const radius = Math.min(Math.ceil(3 * sigma), size - 1)
  // The middle is no division, so that sigma 0 is the kernel [1].
  const density = (offset: number) => (offset === 0 ? 1 : Math.exp(-0.5 * (offset / sigma) ** 2))
  const densities = Array.from({ length: radius + 1 }, (_, offset) => density(offset))
  const sum = densities.reduce((total, value) => total + 2 * value, -1)
  return densities.map((value) => value / sum)
}

/** The pixel that stands at `index`, up to `size - 1` pixels outside of the image. */
const reflect = (index: number, size: number): number => {
  const fromStart = Math.abs(index)
  return fromStart < size ? fromStart : 2 * (size - 1) - fromStart
}
