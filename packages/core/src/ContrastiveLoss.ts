import type * as tf from "@tensorflow/tfjs-core"
import { Context, Layer } from "effect"
import { infoNce } from "./internal/infoNce.ts"
import { nce } from "./internal/nce.ts"

/** Cosine similarities of N queries: to their own key, and to K keys of other images. */
export interface Similarities {
  readonly positive_N1: tf.Tensor2D
  readonly negative_NK: tf.Tensor2D
}

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
    /** Mean loss of one direction in nats, shape `()`. Pure, so it may run inside a gradient closure. */
    readonly mean: (similarities: Similarities) => tf.Scalar
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
    Layer.succeed(ContrastiveLoss, ContrastiveLoss.of({ directions: oneWay, ...infoNceOf(temperature) }))

  /** InfoNCE in both directions: each view is once the query and once the key; the two losses are added. */
  static readonly layerInfoNceSymmetric = ({ temperature }: { readonly temperature: number }) =>
    Layer.succeed(ContrastiveLoss, ContrastiveLoss.of({ directions: bothWays, ...infoNceOf(temperature) }))

  /**
   * Noise-contrastive estimation, the memory bank's original loss (Wu et al. 2018, equation 7): tell each query's key
   * from K draws of noise, one by one. Negatives must be drawn uniformly from all images.
   */
  static readonly layerNce = (settings: NceSettings) =>
    Layer.succeed(ContrastiveLoss, ContrastiveLoss.of({ directions: oneWay, ...nceOf(settings) }))

  /** Noise-contrastive estimation with each view once the query. */
  static readonly layerNceSymmetric = (settings: NceSettings) =>
    Layer.succeed(ContrastiveLoss, ContrastiveLoss.of({ directions: bothWays, ...nceOf(settings) }))
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

type Formula = Pick<ContrastiveLoss["Service"], "mean" | "chance">

const infoNceOf = (temperature: number): Formula => ({
  mean: ({ negative_NK, positive_N1 }) => infoNce(positive_N1, negative_NK, temperature),
  chance: (numNegatives) => Math.log(1 + numNegatives)
})

const nceOf = (settings: NceSettings): Formula => ({
  mean: ({ negative_NK, positive_N1 }) => nce(positive_N1, negative_NK, settings),
  chance: (numNegatives) => Math.log(1 + numNegatives) + numNegatives * Math.log(1 + 1 / numNegatives)
})
