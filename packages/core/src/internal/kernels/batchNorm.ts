import * as tf from "@tensorflow/tfjs-core"
import { batchNormEpsilon } from "../../BatchNormConstants.ts"
import { eagerBackend } from "../eager.ts"
import type { Activation, BatchNormResult, BatchNormWeights } from "./batchNormTerms.ts"
import * as composed from "./composed.ts"
import { nativeBatchNorm } from "./nativeBatchNorm.ts"
import { fillVectors, nativeOps } from "./nativeOps.ts"
import { addRelu, relu } from "./relu.ts"
import { tensorflowBatchNorm } from "./tensorflowBatchNorm.ts"

/**
 * Batch normalisation in training mode, with separate batch statistics for each of `groups` contiguous parts
 * of the batch ("split batch norm", 1 = ordinary), and the activation behind it.
 *
 * Running statistics follow PyTorch: momentum 0.1, unbiased variance; with groups, the mean of the groups'
 * updates.
 */
export const batchNorm = (
  x_NHWC: tf.Tensor4D,
  weights: BatchNormWeights,
  groups: number,
  activation: Activation = "none"
): BatchNormResult => {
  const native = nativeOps()
  if (native !== undefined && fillVectors(x_NHWC.shape[3])) {
    return nativeBatchNorm(native, x_NHWC, weights, groups, activation)
  }
  const backend = eagerBackend()
  const result =
    backend === undefined
      ? composed.batchNorm(x_NHWC, weights, groups)
      : tensorflowBatchNorm(backend, x_NHWC, weights, groups)
  try {
    return { ...result, y_NHWC: activated(result.y_NHWC, activation) }
  } catch (cause) {
    // They are kept, and nobody has them yet.
    tf.dispose([result.runningMean_C, result.runningVariance_C])
    throw cause
  }
}

const activated = (y_NHWC: tf.Tensor4D, activation: Activation): tf.Tensor4D => {
  if (activation === "none") return y_NHWC
  return activation === "relu" ? relu(y_NHWC) : addRelu(y_NHWC, activation.addRelu)
}

/** Batch normalisation in evaluation mode, from running statistics: row-wise, batch order does not matter. */
export const batchNormInference = (
  x_NHWC: tf.Tensor4D,
  { offset_C, runningMean_C, runningVariance_C, scale_C }: BatchNormWeights,
  activation: Activation = "none"
): tf.Tensor4D =>
  activated(
    tf.batchNorm(
      x_NHWC,
      runningMean_C,
      runningVariance_C,
      offset_C,
      scale_C,
      batchNormEpsilon
    ) as tf.Tensor4D,
    activation
  )
