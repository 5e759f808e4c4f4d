import type * as tf from "@tensorflow/tfjs-core"

/** What a batch norm has learned, and the statistics it keeps for evaluation. */
export interface BatchNormWeights {
  readonly scale_C: tf.Tensor1D
  readonly offset_C: tf.Tensor1D
  readonly runningMean_C: tf.Tensor1D
  readonly runningVariance_C: tf.Tensor1D
}

/** What training-mode batch normalisation gives: the output and PyTorch's new running statistics. */
export interface BatchNormResult {
  readonly y_NHWC: tf.Tensor4D
  /** Kept, so that they survive the gradient's tidy: the caller owns them. */
  readonly runningMean_C: tf.Tensor1D
  readonly runningVariance_C: tf.Tensor1D
}

/** What follows a batch norm: nothing, ReLU, or ReLU of the sum with the shortcut of a residual block. */
export type Activation = "none" | "relu" | { readonly addRelu: tf.Tensor4D }
