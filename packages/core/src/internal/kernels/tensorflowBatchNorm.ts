import * as tf from "@tensorflow/tfjs-core"
import { batchNormEpsilon, batchNormMomentum } from "../../BatchNormConstants.ts"
import { attributes, type EagerBackend } from "../eager.ts"
import type { BatchNormResult, BatchNormWeights } from "./batchNormTerms.ts"
import { release } from "./release.ts"

/** By TensorFlow's fused ops, on any device. */
export const tensorflowBatchNorm = (
  backend: EagerBackend,
  x_NHWC: tf.Tensor4D,
  { offset_C, runningMean_C, runningVariance_C, scale_C }: BatchNormWeights,
  groups: number
): BatchNormResult => {
  let statistics: readonly [tf.Tensor1D, tf.Tensor1D] | undefined
  const y_NHWC = tf.customGrad((x, scale, offset, save) => {
    const outputs = splitBatch(x as tf.Tensor4D, groups).map((part) =>
      fusedBatchNorm(backend, part, scale as tf.Tensor, offset as tf.Tensor, runningMean_C, runningVariance_C)
    )
    const value = joinBatch(outputs.map((output) => output[0]!))
    const mean_C = meanOf(outputs.map((output) => output[1]!))
    const variance_C = meanOf(outputs.map((output) => output[2]!))
    // What is kept or saved before an operation fails is lost, so both come last.
    statistics = [tf.keep(mean_C), tf.keep(variance_C)]
    const reserves = outputs.flatMap((output) => output.slice(3))
    ;(save as tf.GradSaveFunc)([x as tf.Tensor, scale as tf.Tensor, ...reserves])
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => fusedBatchNormGradient(backend, dy, saved, groups)
    }
  })(x_NHWC, scale_C, offset_C) as tf.Tensor4D
  return { y_NHWC, runningMean_C: statistics![0], runningVariance_C: statistics![1] }
}

const fusedBatchNorm = (
  backend: EagerBackend,
  x: tf.Tensor,
  scale: tf.Tensor,
  offset: tf.Tensor,
  runningMean: tf.Tensor,
  runningVariance: tf.Tensor
): Array<tf.Tensor> => {
  const attribute = attributes(backend)
  return backend.executeMultipleOutputs(
    "FusedBatchNormV3",
    [
      attribute.float("T"),
      attribute.float("U"),
      attribute.number("epsilon", batchNormEpsilon),
      attribute.number("exponential_avg_factor", batchNormMomentum),
      attribute.text("data_format", "NHWC"),
      attribute.boolean("is_training", true)
    ],
    [x, scale, offset, runningMean, runningVariance],
    6
  )
}

const fusedBatchNormGradient = (
  backend: EagerBackend,
  dy: tf.Tensor,
  [x, scale, ...reserves]: Array<tf.Tensor>,
  groups: number
): Array<tf.Tensor> => {
  const attribute = attributes(backend)
  const opAttributes = [
    attribute.float("T"),
    attribute.float("U"),
    attribute.number("epsilon", batchNormEpsilon),
    attribute.text("data_format", "NHWC"),
    attribute.boolean("is_training", true)
  ]
  const xs = splitBatch(x as tf.Tensor4D, groups)
  const outputs = splitBatch(dy as tf.Tensor4D, groups).map((part, group) =>
    backend.executeMultipleOutputs(
      "FusedBatchNormGradV3",
      opAttributes,
      [part, xs[group]!, scale!, ...reserves.slice(3 * group, 3 * group + 3)],
      5
    )
  )
  release(x!, dy, ...reserves)
  const dx = joinBatch(outputs.map((output) => output[0]!))
  return [dx, sumOf(outputs.map((output) => output[1]!)), sumOf(outputs.map((output) => output[2]!))]
}

/** Contiguous equal parts along the batch: slices along the first dimension share memory in TensorFlow. */
const splitBatch = (x: tf.Tensor4D, groups: number): ReadonlyArray<tf.Tensor4D> => {
  if (groups === 1) return [x]
  const size = x.shape[0] / groups
  return Array.from({ length: groups }, (_, group) =>
    tf.slice(x, [group * size, 0, 0, 0], [size, -1, -1, -1])
  )
}

const joinBatch = (parts: ReadonlyArray<tf.Tensor>): tf.Tensor => {
  if (parts.length === 1) return parts[0]!
  const joined = tf.concat([...parts], 0)
  release(...parts)
  return joined
}

const sumOf = (parts: ReadonlyArray<tf.Tensor>): tf.Tensor =>
  parts.length === 1 ? parts[0]! : tf.addN([...parts])

const meanOf = (parts: ReadonlyArray<tf.Tensor>): tf.Tensor1D =>
  (parts.length === 1 ? tf.clone(parts[0]!) : tf.div(tf.addN([...parts]), parts.length)) as tf.Tensor1D
