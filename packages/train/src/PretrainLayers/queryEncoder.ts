import { Backend } from "@moco/core/Backend"
import { QueryEncoder } from "@moco/core/Encoder"
import { networkOf } from "@moco/core/Encoder/kinds"
import { Dataset } from "@moco/data/Dataset"
import { Effect, Layer } from "effect"
import { type GivenWeights, matchWeights, withWeights } from "../InitialWeights.ts"
import type { RunConfig } from "../RunConfig.ts"

/** The query encoder that a config names, of its seed or with given weights in the place of the seed's. */
export const queryEncoderOf = (config: RunConfig, initial: GivenWeights | undefined) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { input } = yield* Dataset.checked
      const use = { ...input, batchSize: config.training.batchSize }
      const network = yield* networkOf(config.encoder, use)
      if (initial === undefined) return QueryEncoder.layer(network, config.seed)
      yield* Backend
      const { taken } = yield* matchWeights(network, initial)
      return QueryEncoder.layer(network, config.seed, withWeights(taken))
    })
  )
