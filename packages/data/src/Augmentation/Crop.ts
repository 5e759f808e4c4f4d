import type { CounterRandom } from "@moco/core/CounterRandom"
import * as tf from "@tensorflow/tfjs-core"
import type { AugmentationPlan, CropBox } from "../AugmentationPlan.ts"
import type { ImageSize } from "../ImageSource.ts"
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
export const centredBox = (ratio: Range, height: number, width: number): CropBox => {
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
 * Stretches the crop box of every image to `output` (bilinear) and mirrors it where the plan says so.
 *
 * Pixel centres map to pixel centres and the box's edge pixels are repeated, as if the image had been cropped first
 * (torchvision). A box that is larger than the output is averaged over what falls into a pixel (torchvision's
 * `antialias`).
 *
 * Along each axis every output pixel is a weighted mean of input pixels, of two where nothing is made smaller. The full
 * box of an image of the output's size is the identity to the bit (every weight is 0 or 1), except on GPUs that multiply
 * in TF32. Where every plan has that box and none mirrors, `image_NHWC` itself is returned.
 *
 * @param image_NHWC  float32;  @param plans  one per image;  @param output  pixels; the images' own size by default
 */
export const cropAndFlip = (
  image_NHWC: tf.Tensor4D,
  plans: ReadonlyArray<AugmentationPlan>,
  output?: ImageSize
): tf.Tensor4D => {
  const [, height, width] = image_NHWC.shape
  const to = output ?? { height, width }
  const isWhole = ({ crop, flip }: AugmentationPlan) =>
    !flip && crop.height === height && crop.width === width
  if (to.height === height && to.width === width && plans.every(isWhole)) return image_NHWC
  const rows_NOH = samplingWeights(
    height,
    to.height,
    plans.map(({ crop }) => ({ start: crop.top, length: crop.height, mirrored: false }))
  )
  const columns_NPW = samplingWeights(
    width,
    to.width,
    plans.map(({ crop, flip }) => ({ start: crop.left, length: crop.width, mirrored: flip }))
  )
  return weightedMeans(image_NHWC, rows_NOH, columns_NPW)
}

/** Part of an axis of the image, in pixels. */
interface Span {
  readonly start: number
  readonly length: number
  readonly mirrored: boolean
}

/** For each span the `outputs x inputs` matrix that stretches it to `outputs` pixels: row = output, column = input. */
const samplingWeights = (inputs: number, outputs: number, spans: ReadonlyArray<Span>): tf.Tensor3D => {
  const weights = new Float32Array(spans.length * outputs * inputs)
  spans.forEach(({ length, mirrored, start }, image) => {
    const write = length > outputs ? writeShrunk : writeStretched
    for (let output = 0; output < outputs; output++) {
      const source = mirrored ? outputs - 1 - output : output
      const centre = ((source + 0.5) * length) / outputs - 0.5
      write(weights, (image * outputs + output) * inputs, { centre, length, start }, outputs)
    }
  })
  return tf.tensor3d(weights, [spans.length, outputs, inputs])
}

/** Where an output pixel's centre is in its span, counted from the span's start. */
interface Place extends Pick<Span, "start" | "length"> {
  readonly centre: number
}

/** The weights of the two pixels around the centre; the output pixel's weights begin at `row`. */
const writeStretched = (weights: Float32Array, row: number, { centre, length, start }: Place): void => {
  const position = start + Math.min(Math.max(centre, 0), length - 1)
  const before = Math.floor(position)
  const share = position - before
  weights[row + before] = 1 - share
  if (share > 0) weights[row + before + 1] = share
}

/** The weights of all pixels of the span nearer to the centre than an output pixel is wide: a triangle of sum 1. */
const writeShrunk = (
  weights: Float32Array,
  row: number,
  { centre, length, start }: Place,
  outputs: number
): void => {
  const reach = length / outputs
  const from = Math.max(0, Math.ceil(centre - reach))
  const to = Math.min(length - 1, Math.floor(centre + reach))
  const weightOf = (input: number) => 1 - Math.abs(input - centre) / reach
  let sum = 0
  for (let input = from; input <= to; input++) sum += weightOf(input)
  for (let input = from; input <= to; input++) weights[row + start + input] = weightOf(input) / sum
}
