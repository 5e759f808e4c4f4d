import { Dictionary } from "@moco/core/Dictionary"
import { negativeSimilarities, perQuery } from "@moco/core/Similarities"
import { dictionaryOf } from "@moco/train/PretrainLayers"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { config, train } from "./train.ts"

/**
 * A dictionary of your own: cancels negatives that are nearer to the query than `limit`, since they are probably
 * images of the same class (Huynh et al. 2022). It stands around any other mechanism.
 *
 *     npx nx run examples:own-dictionary
 */
export const layerCancelNear = (limit: number) =>
  Layer.effect(
    Dictionary,
    Effect.map(Dictionary, (inner) =>
      Dictionary.of({
        ...inner,
        prepare: (step, lease) => {
          const prepared = inner.prepare(step, lease)
          return {
            ...prepared,
            similarities: (query_ND, direction, parameters) => {
              const { negatives, positive_N1 } = prepared.similarities(query_ND, direction, parameters)
              const negative_NK = negativeSimilarities(negatives)
              // The furthest that a negative can be: it no longer counts in the loss.
              const furthest_NK = tf.fill<tf.Rank.R2>(negative_NK.shape, -1)
              const isNear_NK = tf.greaterEqual(negative_NK, limit)
              const kept_NK = tf.where<tf.Tensor2D>(isNear_NK, furthest_NK, negative_NK)
              return { positive_N1, negatives: perQuery(kept_NK) }
            }
          }
        }
      })
    )
  )

if (import.meta.main) train({ dictionary: layerCancelNear(0.8).pipe(Layer.provide(dictionaryOf(config))) })
