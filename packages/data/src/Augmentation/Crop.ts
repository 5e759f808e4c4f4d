import type { CounterRandom } from "@moco/core/CounterRandom"
import * as tf from "@tensorflow/tfjs-core"
import type { AugmentationPlan, CropBox } from "../AugmentationPlan.ts"
import { weightedMeans } from "./separable.ts"

/** A closed interval. */
export interface Range {
  readonly min: number
  readonly max: number
}

/**
 * What is wrong with `scale` and `ratio` for images of this size, and what to do: crops of no pixel, or none that fits
 * into the image.
 */
export const cropProblem = (
  scale: Range,
  ratio: Range,
  height: number,
  width: number
): { readonly problem: string; readonly hint: string } | undefined => {
  const narrowest = Math.sqrt((scale.min * height * width) / Math.max(ratio.max, 1 / ratio.min))
  if (narrowest < 1) {
    const size = height === width ? `${height}` : `${height} x ${width}`
    const problem = `allows crops ${narrowest.toFixed(2)} pixels wide or high of an image of ${size}`
    return { problem, hint: "raise min, or bring augmentation.cropRatio nearer to 1" }
  }
  const [narrow, wide] = [(scale.min * width) / height, width / (scale.min * height)]
  if (ratio.min <= wide && ratio.max >= narrow) return undefined
  const problem = `no crop of this area fits into the image at augmentation.cropRatio ${JSON.stringify(ratio)}`
  const own = height === width ? "1" : `${width} / ${height}`
  return { problem, hint: `lower min, or let augmentation.cropRatio include ${own}` }
}

const attempts = 10

/**
 * Draws a crop box like torchvision's `RandomResizedCrop.get_params`: area uniform in `scale` (fraction of the
 * image), width / height log-uniform in `ratio`, ten attempts, then the largest centred box of an allowed ratio.
 */
export const drawCrop = (
  random: CounterRandom,
  scale: Range,
  ratio: Range,
  height: number,
  width: number
): CropBox => {
  const logMin = Math.log(ratio.min)
  const logMax = Math.log(ratio.max)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = height * width * (scale.min + random.uniform() * (scale.max - scale.min))
    const aspect = Math.exp(logMin + random.uniform() * (logMax - logMin))
    const boxWidth = Math.round(Math.sqrt(area * aspect))
    const boxHeight = Math.round(Math.sqrt(area / aspect))
    if (boxWidth >= 1 && boxWidth <= width && boxHeight >= 1 && boxHeight <= height) {
      const top = random.below(height - boxHeight + 1)
      const left = random.below(width - boxWidth + 1)
      return { top, left, height: boxHeight, width: boxWidth }
    }
  }
  return centredBox(ratio, height, width)
}

/** The largest box in the middle of the image whose width / height is in `ratio`. */
const centredBox = (ratio: Range, height: number, width: number): CropBox => {
  const aspect = Math.min(Math.max(width / height, ratio.min), ratio.max)
  const boxWidth = Math.min(width, Math.max(1, Math.round(height * aspect)))
  const boxHeight = Math.min(height, Math.max(1, Math.round(width / aspect)))
  return {
    top: Math.floor((height - boxHeight) / 2),
    left: Math.floor((width - boxWidth) / 2),
    height: boxHeight,
    width: boxWidth
  }
}

/**
 * Stretches the crop box of every image to the size of the image (bilinear) and mirrors it where the plan says so.
 *
 * Pixel centres map to pixel centres and the box's edge pixels are repeated, as if the image had been cropped first
 * (torchvision). A box is never larger than the image, so there is no minification and nothing to antialias.
 *
 * Along each axis every output pixel is a weighted mean of two input pixels. The full box is the identity to the bit
 * (every weight is 0 or 1), except on GPUs that multiply in TF32. Where every plan has the full box and none mirrors,
 * `image_NHWC` itself is returned.
 *
 * @param image_NHWC  float32;  @param plans  one per image
 */
export const cropAndFlip = (image_NHWC: tf.Tensor4D, plans: ReadonlyArray<AugmentationPlan>): tf.Tensor4D => {
  const [, height, width] = image_NHWC.shape
  const isWhole = ({ crop, flip }: AugmentationPlan) =>
    !flip && crop.height === height && crop.width === width
  if (plans.every(isWhole)) return image_NHWC
  const rows_NHH = samplingWeights(
    height,
    plans.map(({ crop }) => ({ start: crop.top, length: crop.height, mirrored: false }))
  )
  const columns_NWW = samplingWeights(
    width,
    plans.map(({ crop, flip }) => ({ start: crop.left, length: crop.width, mirrored: flip }))
  )
  return weightedMeans(image_NHWC, rows_NHH, columns_NWW)
}

/** Part of an axis of the image, in pixels. */
interface Span {
  readonly start: number
  readonly length: number
  readonly mirrored: boolean
}

/** For each span the `size x size` matrix that stretches it to `size` pixels: row = output pixel, column = input. */
const samplingWeights = (size: number, spans: ReadonlyArray<Span>): tf.Tensor3D => {
  const weights = new Float32Array(spans.length * size * size)
  spans.forEach(({ length, mirrored, start }, image) => {
    for (let output = 0; output < size; output++) {
      const source = mirrored ? size - 1 - output : output
      const centre = ((source + 0.5) * length) / size - 0.5
      const position = start + Math.min(Math.max(centre, 0), length - 1)
      const before = Math.floor(position)
      const share = position - before
      const row = (image * size + output) * size
      weights[row + before] = 1 - share
      if (share > 0) weights[row + before + 1] = share
    }
  })
  return tf.tensor3d(weights, [spans.length, size, size])
}
