import * as tf from "@tensorflow/tfjs-core"
import { attributes, type EagerBackend } from "./internal/eager.ts"
import { nativeOps } from "./internal/kernels/nativeOps.ts"
import type { NamedTensors } from "./Tensor.ts"

/** Settings of a step of stochastic gradient descent; unitless but for the rate, which scales gradients. */
export interface SgdStep {
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
}

/**
 * One step of SGD as PyTorch has it: `v <- momentum * v + (g + weightDecay * p)`, `p <- p - learningRate * v`.
 *
 * With moments that start at zero this includes PyTorch's first step (`v = g`). Returns new tensors, to be called
 * within a tidy.
 */
export const sgdStep = (
  parameters: NamedTensors,
  gradients: NamedTensors,
  moments: NamedTensors,
  settings: SgdStep
): { readonly parameters: NamedTensors; readonly moments: NamedTensors } => {
  const native = nativeOps()
  if (native !== undefined) return nativeSgdStep(native, parameters, gradients, moments, settings)
  const nextParameters: Record<string, tf.Tensor> = {}
  const nextMoments: Record<string, tf.Tensor> = {}
  for (const [name, parameter] of Object.entries(parameters)) {
    const moment = tf.tidy(() => {
      const decayed = tf.add(gradients[name]!, tf.mul(parameter, settings.weightDecay))
      return tf.add(tf.mul(moments[name]!, settings.momentum), decayed)
    })
    nextMoments[name] = moment
    nextParameters[name] = tf.tidy(() => tf.sub(parameter, tf.mul(moment, settings.learningRate)))
  }
  return { parameters: nextParameters, moments: nextMoments }
}

const nativeSgdStep = (
  backend: EagerBackend,
  parameters: NamedTensors,
  gradients: NamedTensors,
  moments: NamedTensors,
  { learningRate, momentum, weightDecay }: SgdStep
) => {
  const names = Object.keys(parameters)
  const inputs = [parameters, gradients, moments].flatMap((tensors) => names.map((name) => tensors[name]!))
  const settings = tf.tensor1d([learningRate, momentum, weightDecay])
  const outputs = multiOp(backend, "MocoSgd", names.length, [...inputs, settings], 2 * names.length)
  settings.dispose()
  return {
    parameters: named(names, outputs),
    moments: named(names, outputs.slice(names.length))
  }
}

/** `m * key + (1 - m) * query` for every parameter (He et al. 2020, equation 2). Returns new tensors. */
export const ema = (key: NamedTensors, query: NamedTensors, m: number): NamedTensors => {
  const native = nativeOps()
  if (native !== undefined) return nativeEma(native, key, query, m)
  return Object.fromEntries(
    Object.entries(key).map(([name, parameter]) => [
      name,
      tf.tidy(() => tf.add(tf.mul(parameter, m), tf.mul(query[name]!, 1 - m)))
    ])
  )
}

const nativeEma = (backend: EagerBackend, key: NamedTensors, query: NamedTensors, m: number) => {
  const names = Object.keys(key)
  const momentum = tf.tensor1d([m, 1 - m])
  const inputs = [...Object.values(key), ...names.map((name) => query[name]!), momentum]
  const next = multiOp(backend, "MocoEma", names.length, inputs, names.length)
  momentum.dispose()
  return named(names, next)
}

/** Euclidean norm over all tensors together. A new scalar. */
export const euclideanNorm = (tensors: NamedTensors): tf.Scalar => {
  const all = Object.values(tensors)
  const native = nativeOps()
  if (native !== undefined) return multiOp(native, "MocoNorm", all.length, all, 1)[0] as tf.Scalar
  return tf.tidy(() => tf.sqrt(tf.addN(all.map((tensor) => tf.sum(tf.square(tensor))))))
}

/** `|a - b|`, Euclidean over all tensors of two sets with the same names. A new scalar. */
export const euclideanDistance = (a: NamedTensors, b: NamedTensors): tf.Scalar => {
  const names = Object.keys(a)
  const native = nativeOps()
  if (native !== undefined) {
    const inputs = [...Object.values(a), ...names.map((name) => b[name]!)]
    return multiOp(native, "MocoDistance", names.length, inputs, 1)[0] as tf.Scalar
  }
  return tf.tidy(() =>
    euclideanNorm(Object.fromEntries(names.map((name) => [name, tf.sub(a[name]!, b[name]!)])))
  )
}

/** One op over `count` tensors of a kind, and however many kinds it takes. */
const multiOp = (
  backend: EagerBackend,
  name: string,
  count: number,
  inputs: ReadonlyArray<tf.Tensor>,
  numOutputs: number
): Array<tf.Tensor> =>
  backend.executeMultipleOutputs(name, [attributes(backend).integer("N", count)], inputs, numOutputs)

const named = (names: ReadonlyArray<string>, tensors: ReadonlyArray<tf.Tensor>): NamedTensors =>
  Object.fromEntries(names.map((name, i) => [name, tensors[i]!]))
