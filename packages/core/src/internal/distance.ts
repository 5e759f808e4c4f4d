import * as tf from "@tensorflow/tfjs-core"
import type { NamedTensors } from "../Tensor.ts"

/** `|a - b| / |a|` over all tensors of two sets with the same names, Euclidean. Reads values from the backend. */
export const relativeDistance = (a: NamedTensors, b: NamedTensors): number =>
  tf.tidy(() => {
    const flatten = (tensors: NamedTensors) =>
      tf.concat1d(Object.keys(a).map((name) => tf.reshape(tensors[name]!, [-1])))
    const flatA = flatten(a)
    const squares = (tensor: tf.Tensor) => tf.sum(tf.square(tensor)).dataSync()[0]!
    return Math.sqrt(squares(tf.sub(flatA, flatten(b))) / squares(flatA))
  })
