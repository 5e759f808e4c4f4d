import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Schema } from "effect"
import { infoNce } from "./internal/infoNce.ts"
import { logMeanExp, nce } from "./internal/nce.ts"
import { nceNormalizer } from "./internal/nceNormalizer.ts"
import { type LossState, stateless } from "./LossState.ts"
import { temperature } from "./Setting.ts"
import { type Compare, negativeSimilarities } from "./Similarities.ts"
import * as Stage from "./Stage.ts"

/** Which view is encoded as query and which as key. */
export interface Direction {
  readonly query_NHWC: tf.Tensor4D
  readonly key_NHWC: tf.Tensor4D
}

const common = {
  temperature: temperature.annotate({
    description: "divides the similarities; 0.07 in MoCo v1, 0.2 in v2",
    unit: "unitless"
  }),
  symmetric: Schema.Boolean.annotate({
    description: "let each view be the query once; twice the work per step"
  })
}

/** What a config says of the loss; told apart by `kind`. */
export const LossSettings = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("infoNce"), ...common }),
  Schema.Struct({ kind: Schema.Literal("nce"), ...common })
]).annotate({
  description:
    "what training minimises; nce is the memory bank's original loss, normalised by the first features in the bank (docs/nce.md)"
})
export type LossSettings = typeof LossSettings.Type

/** What training minimises. */
export class ContrastiveLoss extends Context.Service<
  ContrastiveLoss,
  {
    /** The directions a step looks in; their losses are added. */
    readonly directions: (viewQ_NHWC: tf.Tensor4D, viewK_NHWC: tf.Tensor4D) => ReadonlyArray<Direction>
    /** The loss of one direction. Pure, so it may run inside a gradient closure; calls `keep` for what outlives that. */
    readonly compare: Compare
    /**
     * The loss of one direction when a query is no closer to its key than to any of `numNegatives` others; with NCE,
     * which also asks how close, when all are at the similarity that it is normalised by.
     */
    readonly chance: (numNegatives: number) => number
    /** What it learns over a run; left out by a loss that is a pure function of the similarities. */
    readonly state?: LossState
  }
>()("@moco/core/ContrastiveLoss") {
  /**
   * InfoNCE of one positive against the dictionary's negatives (He et al. 2020, equation 1).
   *
   * @param temperature  unitless, above 0: 0.07 in MoCo v1, 0.2 in v2
   */
  static readonly layerInfoNce = ({ temperature }: { readonly temperature: number }) =>
    checkedLayer(oneWay, temperature, infoNceOf)

  /** InfoNCE in both directions: each view is once the query and once the key; the two losses are added. */
  static readonly layerInfoNceSymmetric = ({ temperature }: { readonly temperature: number }) =>
    checkedLayer(bothWays, temperature, infoNceOf)

  /**
   * Noise-contrastive estimation, the memory bank's original loss (Wu et al. 2018, equation 7): tell each query's key
   * from K draws of noise, one by one. Negatives must be drawn uniformly from all images.
   *
   * Its state is the normalizer Z / M, see {@link nceNormalizer}.
   *
   * @param temperature  unitless, above 0: 0.07 in Wu et al. 2018
   */
  static readonly layerNce = ({ temperature }: { readonly temperature: number }) =>
    checkedLayer(oneWay, temperature, nceOf)

  /** Noise-contrastive estimation with each view once the query. */
  static readonly layerNceSymmetric = ({ temperature }: { readonly temperature: number }) =>
    checkedLayer(bothWays, temperature, nceOf)
}

/** The loss that is named. */
export const layerOf = (settings: LossSettings) => {
  switch (settings.kind) {
    case "infoNce":
      return settings.symmetric
        ? ContrastiveLoss.layerInfoNceSymmetric(settings)
        : ContrastiveLoss.layerInfoNce(settings)
    case "nce":
      return settings.symmetric
        ? ContrastiveLoss.layerNceSymmetric(settings)
        : ContrastiveLoss.layerNce(settings)
  }
}

/** The state of a loss, whether it has one or not. */
export const stateOf = ({ state = stateless }: ContrastiveLoss["Service"]): LossState => state

type Directions = ContrastiveLoss["Service"]["directions"]

const oneWay: Directions = (viewQ_NHWC, viewK_NHWC) => [{ query_NHWC: viewQ_NHWC, key_NHWC: viewK_NHWC }]

const bothWays: Directions = (viewQ_NHWC, viewK_NHWC) => [
  { query_NHWC: viewQ_NHWC, key_NHWC: viewK_NHWC },
  { query_NHWC: viewK_NHWC, key_NHWC: viewQ_NHWC }
]

/** The formula is made with the layer: its state belongs to one run. */
const checkedLayer = (
  directions: Directions,
  temperature: number,
  formulaOf: (temperature: number) => Formula
) =>
  Layer.effect(
    ContrastiveLoss,
    Effect.map(Stage.check("ContrastiveLoss", temperatureNeed(temperature)), () =>
      ContrastiveLoss.of({ directions, ...formulaOf(temperature) })
    )
  )

const temperatureNeed = (temperature: number) =>
  Stage.positive("temperature", temperature, "it divides the similarities: 0.07 in MoCo v1, 0.2 in v2")

type Formula = Omit<ContrastiveLoss["Service"], "directions">

const infoNceOf = (temperature: number): Formula => ({
  compare: infoNce(temperature),
  chance: (numNegatives) => Math.log(1 + numNegatives)
})

const nceOf = (temperature: number): Formula => {
  const state = nceNormalizer(temperature)
  return {
    state,
    compare: ({ negatives, positive_N1 }, keep) => {
      const negative_NK = negativeSimilarities(negatives)
      const logMean = state.kept() ?? logMeanExp(negative_NK, temperature).dataSync()[0]!
      return {
        mean: nce(positive_N1, negative_NK, { temperature, logNormalizer: logMean }),
        closest_N1: keep(tf.max(negative_NK, 1, true)),
        observation: { logMean, numNegatives: negative_NK.shape[1] }
      }
    },
    chance: (numNegatives) => Math.log(1 + numNegatives) + numNegatives * Math.log(1 + 1 / numNegatives)
  }
}
