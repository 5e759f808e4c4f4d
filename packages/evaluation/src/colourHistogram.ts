import type { Dataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import type { Represent } from "./Embedding.ts"

/** Bins of a channel, from darkest to brightest. */
const numBins = 16

/**
 * What colour alone tells of an image: for each channel the square roots of how many of its values fall into each of 16
 * bins, so that the cosine of two images is the overlap of their histograms (Bhattacharyya).
 *
 * @param dataset  by whose statistics the images were normalised
 * @returns of N images of C channels [N, 16 C]
 */
export const colourHistogram =
  ({ mean, std }: Pick<Dataset["Service"], "mean" | "std">): Represent =>
  (image_NHWC) => {
    const [numImages, height, width, channels] = image_NHWC.shape
    const values = image_NHWC.dataSync<"float32">()
    const count_NF = new Float32Array(numImages * channels * numBins)
    for (let at = 0; at < values.length; at++) {
      const channel = at % channels
      const image = Math.floor(at / (height * width * channels))
      const value = values[at]! * std[channel]! + mean[channel]!
      const bin = Math.min(numBins - 1, Math.max(0, Math.floor(value * numBins)))
      count_NF[(image * channels + channel) * numBins + bin]! += 1
    }
    return tf.sqrt(tf.tensor2d(count_NF, [numImages, channels * numBins]))
  }
