import type * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer } from "effect"
import { infoNce } from "./internal/infoNce.ts"
import { nce } from "./internal/nce.ts"
import { type Compare, ofMatrices } from "./Similarities.ts"
import * as Stage from "./Stage.ts"

/** Which view is encoded as query and which as key. */
export interface Direction {
  readonly query_NHWC: tf.Tensor4D
  readonly key_NHWC: tf.Tensor4D
}

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
  }
>()("@moco/core/ContrastiveLoss") {
  /**
   * InfoNCE of one positive against the dictionary's negatives (He et al. 2020, equation 1).
   *
   * @param temperature  unitless, above 0: 0.07 in MoCo v1, 0.2 in v2
   */
  static readonly layerInfoNce = ({ temperature }: { readonly temperature: number }) =>
    checkedLayer(oneWay, infoNceOf(temperature), temperatureNeed(temperature))

  /** InfoNCE in both directions: each view is once the query and once the key; the two losses are added. */
  static readonly layerInfoNceSymmetric = ({ temperature }: { readonly temperature: number }) =>
    checkedLayer(bothWays, infoNceOf(temperature), temperatureNeed(temperature))

  /**
   * Noise-contrastive estimation, the memory bank's original loss (Wu et al. 2018, equation 7): tell each query's key
   * from K draws of noise, one by one. Negatives must be drawn uniformly from all images.
   */
  static readonly layerNce = (settings: NceSettings) =>
    checkedLayer(oneWay, nceOf(settings), ...nceNeeds(settings))

  /** Noise-contrastive estimation with each view once the query. */
  static readonly layerNceSymmetric = (settings: NceSettings) =>
    checkedLayer(bothWays, nceOf(settings), ...nceNeeds(settings))
}

/** Settings of noise-contrastive estimation. */
export interface NceSettings {
  /** Unitless, above 0: 0.07 in Wu et al. 2018. */
  readonly temperature: number
  /**
   * Mean of `exp(similarity / temperature)` over images, by which similarities become probabilities (the constant Z
   * divided by the number of images). Wu et al. 2018 take it from the first batch and keep it.
   */
  readonly normalizer: number
}

type Directions = ContrastiveLoss["Service"]["directions"]

const oneWay: Directions = (viewQ_NHWC, viewK_NHWC) => [{ query_NHWC: viewQ_NHWC, key_NHWC: viewK_NHWC }]

const bothWays: Directions = (viewQ_NHWC, viewK_NHWC) => [
  { query_NHWC: viewQ_NHWC, key_NHWC: viewK_NHWC },
  { query_NHWC: viewK_NHWC, key_NHWC: viewQ_NHWC }
]

const checkedLayer = (directions: Directions, formula: Formula, ...needs: ReadonlyArray<Stage.Need>) =>
  Layer.effect(
    ContrastiveLoss,
    Effect.as(Stage.check("ContrastiveLoss", ...needs), ContrastiveLoss.of({ directions, ...formula }))
  )

const temperatureNeed = (temperature: number) =>
  Stage.positive("temperature", temperature, "it divides the similarities: 0.07 in MoCo v1, 0.2 in v2")

const nceNeeds = ({ normalizer, temperature }: NceSettings) => [
  temperatureNeed(temperature),
  Stage.positive("normalizer", normalizer, "the mean of exp(similarity / temperature) over images")
]

type Formula = Pick<ContrastiveLoss["Service"], "compare" | "chance">

const infoNceOf = (temperature: number): Formula => ({
  compare: infoNce(temperature),
  chance: (numNegatives) => Math.log(1 + numNegatives)
})

const nceOf = (settings: NceSettings): Formula => ({
  compare: ofMatrices((positive_N1, negative_NK) => nce(positive_N1, negative_NK, settings)),
  chance: (numNegatives) => Math.log(1 + numNegatives) + numNegatives * Math.log(1 + 1 / numNegatives)
})
