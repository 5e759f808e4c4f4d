import * as tf from "@tensorflow/tfjs-core"
import type { EagerBackend } from "../eager.ts"
import { direct } from "./directConv2d.ts"

/**
 * Whether TensorFlow has convolutions with groups, gradients included: on a processor only oneDNN has them, and whether that
 * is used is up to the build, the processor and the environment. So it is tried, once for a backend.
 */
export const hasGroups = (backend: EagerBackend): boolean => {
  if (isForgone) return false
  const known = tried.get(backend)
  if (known !== undefined) return known
  const found = tryGroups(backend)
  tried.set(backend, found)
  return found
}

const tried = new WeakMap<EagerBackend, boolean>()
let isForgone = false

const tryGroups = (backend: EagerBackend): boolean => {
  try {
    tf.tidy(() => {
      // Two groups of two channels.
      const x = tf.ones<tf.Rank.R4>([1, 3, 3, 4])
      const filter = tf.ones<tf.Rank.R4>([3, 3, 2, 4])
      const { filterGradient, forward, inputGradient } = direct(backend, x.shape, filter.shape, 1)
      for (const result of [forward(x, filter), inputGradient(x, filter), filterGradient(x, x)]) {
        result.dataSync()
      }
    })
    return true
  } catch {
    return false
  }
}

/** Computes as where TensorFlow has none: what is done there is tested by it. */
export const withoutGroupedOps = <A>(compute: () => A): A => {
  const before = isForgone
  isForgone = true
  try {
    return compute()
  } finally {
    isForgone = before
  }
}
