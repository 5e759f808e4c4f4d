import type * as tf from "@tensorflow/tfjs-core"
import { Context, Layer } from "effect"
import { infoNce } from "./internal/infoNce.ts"

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
    /** The loss of one direction when a query is no closer to its key than to any of `numNegatives` others. */
    readonly chance: (numNegatives: number) => number
  }
>()("@moco/core/ContrastiveLoss") {
  /**
   * InfoNCE of one positive against the dictionary's negatives (He et al. 2020, equation 1).
   *
   * @param temperature  unitless, above 0: 0.07 in MoCo v1, 0.2 in v2
   */
  static readonly layerInfoNce = ({ temperature }: { readonly temperature: number }) =>
    Layer.succeed(
      ContrastiveLoss,
      infoNceOf(temperature, (query_NHWC, key_NHWC) => [{ query_NHWC, key_NHWC }])
    )

  /** InfoNCE in both directions: each view is once the query and once the key; the two losses are added. */
  static readonly layerInfoNceSymmetric = ({ temperature }: { readonly temperature: number }) =>
    Layer.succeed(
      ContrastiveLoss,
      infoNceOf(temperature, (viewQ_NHWC, viewK_NHWC) => [
        { query_NHWC: viewQ_NHWC, key_NHWC: viewK_NHWC },
        { query_NHWC: viewK_NHWC, key_NHWC: viewQ_NHWC }
      ])
    )
}

const infoNceOf = (temperature: number, directions: ContrastiveLoss["Service"]["directions"]) =>
  ContrastiveLoss.of({
    directions,
    mean: ({ negative_NK, positive_N1 }) => infoNce(positive_N1, negative_NK, temperature),
    chance: (numNegatives) => Math.log(1 + numNegatives)
  })
