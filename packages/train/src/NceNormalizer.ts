import { Dictionary } from "@moco/core/Dictionary"
import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import { negativeSimilarities } from "@moco/core/Similarities"
import * as Tensor from "@moco/core/Tensor"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"

/**
 * Mean of `exp(similarity / temperature)` over the queries of the first batch, their keys and negatives: the constant
 * that noise-contrastive estimation keeps for the whole run (Wu et al. 2018, section 3.2).
 *
 * A function of the seed, because the first batch, the initial encoder and the initial dictionary are: so it needs
 * no place in a run's state. Ask before anything is trained or restored.
 */
export const firstBatchNormalizer = Effect.fn("NceNormalizer.firstBatch")(function* (temperature: number) {
  const viewPairs = yield* ViewPairs
  const query = yield* QueryEncoder
  const dictionary = yield* Dictionary
  const lease = yield* Tensor.lease
  return yield* Tensor.run("NceNormalizer.firstBatch", () => {
    const { indices, viewK_NHWC, viewQ_NHWC } = viewPairs.batch(0)
    const directions = [{ query_NHWC: viewQ_NHWC, key_NHWC: viewK_NHWC }]
    const prepared = dictionary.prepare({ step: 0, indices, directions }, lease)
    const weights = weightsOf(query)
    const { feature_ND } = query.network.train(weights, viewQ_NHWC, lease.keep)
    const trained = { ...weights.parameters, ...dictionary.trained() }
    const { negatives, positive_N1 } = prepared.similarities(feature_ND, 0, trained)
    const similarity_NL = tf.concat2d([positive_N1, negativeSimilarities(negatives)], 1)
    return tf.mean(tf.exp(tf.div(similarity_NL, temperature))).dataSync()[0]!
  })
}, Effect.scoped)
