import * as tf from "@tensorflow/tfjs-core"
import type { NamedTensors } from "../Tensor.ts"

/** `m * key + (1 - m) * query` for every parameter (He et al. 2020, equation 2). Returns new tensors. */
export const ema = (key: NamedTensors, query: NamedTensors, m: number): NamedTensors =>
  Object.fromEntries(
    Object.entries(key).map(([name, parameter]) => [
      name,
      tf.tidy(() => tf.add(tf.mul(parameter, m), tf.mul(query[name]!, 1 - m)))
    ])
  )
