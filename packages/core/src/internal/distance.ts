import * as tf from "@tensorflow/tfjs-core"
import { euclideanDistance, euclideanNorm } from "../Parameters.ts"
import type { NamedTensors } from "../Tensor.ts"

/** `|a - b| / |a|` over all tensors of two sets with the same names, Euclidean. Reads values from the backend. */
export const relativeDistance = (a: NamedTensors, b: NamedTensors): number =>
  tf.tidy(() => {
    const [distance, norm] = tf.stack([euclideanDistance(a, b), euclideanNorm(a)]).dataSync()
    return distance! / norm!
  })
