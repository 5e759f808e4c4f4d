import { sizesOf } from "@moco/core/Encoder/kinds"
import type { RunConfig } from "../RunConfig.ts"

/**
 * Floating-point operations of a training step with a queue, by convention: the forward pass of keys, that of queries,
 * and twice that for the gradient (of the parameters and of what goes into them); then the similarities to the
 * negatives and their gradient in the queries.
 *
 * The gradient in the images is counted, which the stem leaves out, and the optimizer is not: both are small.
 */
export const stepFlops = (
  { encoder, training: { batchSize } }: Pick<RunConfig, "encoder" | "training">,
  images: { readonly imageSize: number; readonly channels: number },
  numNegatives: number
): number => {
  const { featureSize, forwardFlops } = sizesOf(encoder, images.channels)
  return batchSize * (4 * forwardFlops(images.imageSize) + 4 * numNegatives * featureSize)
}
