import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as CounterRandom from "../../CounterRandom.ts"
import { Dictionary, type DictionaryStep } from "../../Dictionary.ts"
import { QueryEncoder } from "../../Encoder.ts"
import { nonFinite } from "../../Finite.ts"
import { negativeSimilarities } from "../../Similarities.ts"
import * as Tensor from "../../Tensor.ts"

/** Images in a step of the laws, and in the training set that their indices point into. */
export const batchSize = 3
export const numImages = 12

/** How a step of the laws differs from the one that a trainer takes. */
export interface Variation {
  readonly numDirections?: number
  /** Stands in place of the first pixel, of one view or the other. */
  readonly poison?: { readonly view: "first" | "second"; readonly value: number }
}

/** Random views of `size` pixels, another batch at every step; they belong to the lease. */
const stepAt = (
  step: number,
  size: number,
  { numDirections = 1, poison }: Variation,
  lease: Tensor.Lease
): DictionaryStep => {
  const random = CounterRandom.make(step, CounterRandom.Purpose.synthetic)
  const view = (name: "first" | "second") => {
    const pixels = Float32Array.from(CounterRandom.normals(random, batchSize * size))
    if (poison?.view === name) pixels[0] = poison.value
    return lease.keep(tf.tensor4d(pixels, [batchSize, 1, size, 1]))
  }
  const [a, b] = [view("first"), view("second")]
  const directions = [
    { query_NHWC: a, key_NHWC: b },
    { query_NHWC: b, key_NHWC: a }
  ]
  const indices = CounterRandom.permutation(random, numImages).slice(0, batchSize)
  return { step, indices, directions: directions.slice(0, numDirections) }
}

/** One step of a trainer that learns nothing, with or without its commit. */
export const step = (index: number, size: number, commit: boolean, variation: Variation = {}) =>
  Effect.gen(function* () {
    const dictionary = yield* Dictionary
    const query = yield* QueryEncoder
    const lease = yield* Tensor.lease
    return yield* Tensor.run("law", () => {
      const dictionaryStep = stepAt(index, size, variation, lease)
      const prepared = dictionary.prepare(dictionaryStep, lease)
      const { network, parameters, statistics } = query
      const weights = { parameters: parameters.get(), statistics: statistics.get() }
      const trained = { ...parameters.get(), ...dictionary.trained() }
      const queries_ND = dictionaryStep.directions.map(
        ({ query_NHWC }) => network.train(weights, query_NHWC, lease.keep).feature_ND
      )
      const directions = queries_ND.map((query_ND, direction) => {
        const { negatives, positive_N1 } = prepared.similarities(query_ND, direction, trained)
        const negative_NK = negativeSimilarities(negatives)
        return {
          positives: Array.from(positive_N1.dataSync()),
          negatives: Array.from(negative_NK.dataSync()),
          shape: negative_NK.shape
        }
      })
      const next = Object.fromEntries(
        Object.entries(trained).map(([name, tensor]) => [name, lease.keep(tf.clone(tensor))])
      )
      const settled = prepared.settle({ queries_ND, parameters: next })
      const { entering } = settled
      const enters = { names: Object.keys(entering), nonFinite: nonFinite(entering) }
      if (commit) settled.commit()
      return { directions, enters }
    })
  }).pipe(Effect.scoped)
