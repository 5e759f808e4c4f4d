import { BackendSettings } from "@moco/core/Backend"
import { LossSettings } from "@moco/core/ContrastiveLoss"
import { DictionarySettings } from "@moco/core/Dictionary/kinds"
import { EncoderSettings } from "@moco/core/Encoder/kinds"
import { KeyShuffleSettings } from "@moco/core/KeyShuffle"
import { MomentumSettings } from "@moco/core/MomentumUpdate"
import { seed, upTo } from "@moco/core/Setting"
import { AugmentationSettings } from "@moco/data/Augmentation"
import { DataSettings } from "@moco/data/DataSettings"
import { EvaluationSettings } from "@moco/evaluation/evaluationKinds"
import { Schema } from "effect"
import { OptimizerSettings } from "../Optimizer.ts"
import { most } from "./bounds.ts"

const Training = Schema.Struct({
  epochs: upTo(most.epochs).annotate({
    description: "how often every training image is seen",
    unit: "epochs"
  }),
  batchSize: upTo(most.batchSize).annotate({ description: "images in a step", unit: "images" })
})

/**
 * Everything a run depends on. Two runs of one config on one machine and library version are the same run. Each section
 * is its stage's own Schema.
 */
export const RunConfig = Schema.Struct({
  recipe: Schema.String.check(
    Schema.isMaxLength(most.nameLength),
    Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, {
      expected: "a name of letters, digits, - and _ that starts with a letter or digit"
    })
  ).annotate({ description: "name of the recipe; the run folder is named after it" }),
  seed: seed.annotate({
    description: "seed of everything random, an integer below 2^32",
    unit: "unitless"
  }),
  data: DataSettings,
  augmentation: AugmentationSettings,
  encoder: EncoderSettings,
  dictionary: DictionarySettings,
  momentum: MomentumSettings,
  keyShuffle: KeyShuffleSettings,
  loss: LossSettings,
  optimizer: OptimizerSettings,
  training: Training,
  evaluations: EvaluationSettings.annotate({
    description:
      "evaluations of the encoder, side by side; the first metric of the first one says which state is the best"
  }),
  backend: BackendSettings
})
export type RunConfig = typeof RunConfig.Type
