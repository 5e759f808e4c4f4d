import * as tf from "@tensorflow/tfjs-core"
import { batchNormEpsilon, batchNormMomentum } from "../../BatchNormConstants.ts"
import { attributes, type EagerBackend } from "../eager.ts"
import type { Activation, BatchNormResult, BatchNormWeights } from "./batchNormTerms.ts"
import { release } from "./release.ts"

/**
 * By the project's own op: normalisation, shortcut and ReLU in two passes over memory, their gradients in two more.
 *
 * ReLU's own output is saved only where a shortcut was added; else the gradient finds from x what it let through.
 */
export const nativeBatchNorm = (
  backend: EagerBackend,
  x_NHWC: tf.Tensor4D,
  { offset_C, runningMean_C, runningVariance_C, scale_C }: BatchNormWeights,
  groups: number,
  activation: Activation
): BatchNormResult => {
  const shortcuts = typeof activation === "object" ? [activation.addRelu] : []
  const opAttributes = attributesOf(backend, groups, activation !== "none", shortcuts.length)
  let statistics: readonly [tf.Tensor1D, tf.Tensor1D] | undefined
  const y_NHWC = tf.customGrad((...inputsAndSave) => {
    const save = inputsAndSave.pop() as tf.GradSaveFunc
    const [x, scale, offset, ...added] = inputsAndSave as Array<tf.Tensor>
    const [value, mean, rstd, nextMean_C, nextVariance_C] = backend.executeMultipleOutputs(
      "MocoBatchNorm",
      opAttributes,
      [x!, scale!, offset!, runningMean_C, runningVariance_C, ...added],
      5
    )
    // What is kept or saved before an operation fails is lost, so both come last.
    statistics = [tf.keep(nextMean_C as tf.Tensor1D), tf.keep(nextVariance_C as tf.Tensor1D)]
    save([x!, scale!, offset!, mean!, rstd!, ...added.map(() => value!)])
    return {
      value: value!,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const numOutputs = 3 + shortcuts.length
        const gradients = backend.executeMultipleOutputs(
          "MocoBatchNormGradient",
          opAttributes,
          [dy, ...saved],
          numOutputs
        )
        release(dy, ...saved)
        return gradients
      }
    }
  })(x_NHWC, scale_C, offset_C, ...shortcuts) as tf.Tensor4D
  return { y_NHWC, runningMean_C: statistics![0], runningVariance_C: statistics![1] }
}

const attributesOf = (backend: EagerBackend, groups: number, hasRelu: boolean, numShortcuts: number) => {
  const attribute = attributes(backend)
  return [
    attribute.integer("groups", groups),
    attribute.number("epsilon", batchNormEpsilon),
    attribute.number("momentum", batchNormMomentum),
    attribute.boolean("relu", hasRelu),
    attribute.integer("R", numShortcuts)
  ]
}
