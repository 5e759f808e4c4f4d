import { meanInterval } from "../bootstrap.ts"
import { type Measurement, type Metric, measured } from "../Measurement.ts"

/** Which images are drawn again: the same for all that is measured, so that equal sets have comparable intervals. */
const seed = 0

/** The mean of what was found for each image, with its bootstrap interval over the images. */
export const meanOf = (metric: Metric, subject: string, values: ArrayLike<number>): Measurement => {
  const all = Float64Array.from(values)
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length
  return measured(metric, subject, mean, { numImages: all.length, interval: meanInterval(all, { seed }) })
}

/** Part of the images whose label was said, with its interval. */
export const accuracyOf = (
  metric: Metric,
  subject: string,
  said: ArrayLike<number>,
  labels: Int32Array
): Measurement =>
  meanOf(
    metric,
    subject,
    labels.map((label, image) => Number(said[image] === label))
  )
