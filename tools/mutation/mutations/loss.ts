import type { Mutation } from "../Mutation.ts"

/** Mutations of the losses and of what they compare. */
export const lossMutations: ReadonlyArray<Mutation> = [
  {
    name: "InfoNCE: temperature multiplies",
    file: "packages/core/src/internal/infoNce.ts",
    from: "[positive_N1, negative_NK], 1), temperature)",
    to: "[positive_N1, negative_NK], 1), 1 / temperature)",
    tests: "core ContrastiveLoss loss",
    fear: "logits of the wrong scale, without the own ops"
  },
  {
    name: "InfoNCE: temperature multiplies in the own op",
    file: "packages/core/src/internal/kernels/nativeSharedInfoNce.ts",
    from: "tf.scalar(temperature)",
    to: "tf.scalar(1 / temperature)",
    tests: "core ContrastiveLoss loss",
    fear: "logits of the wrong scale"
  },
  {
    name: "cross-entropy: sum in place of the mean",
    file: "packages/core/src/internal/kernels/crossEntropy.ts",
    from: "const value = tf.mean(loss_N!)",
    to: "const value = tf.sum(loss_N!)",
    tests: "core ContrastiveLoss loss",
    fear: "the loss grows with the batch"
  },
  {
    name: "cross-entropy: gradient of a sum",
    file: "packages/core/src/internal/kernels/crossEntropy.ts",
    from: "tf.div(dy, logits_NL.shape[0])",
    to: "dy",
    tests: "core ContrastiveLoss loss",
    fear: "the learning rate is multiplied by the batch size"
  },
  {
    name: "NCE: positive with the other sign",
    file: "packages/core/src/internal/nce.ts",
    from: "tf.sub(offset, tf.div(positive_N1, temperature))",
    to: "tf.sub(tf.div(positive_N1, temperature), offset)",
    tests: "core Nce",
    fear: "queries are pushed from their own entries"
  },
  {
    name: "NCE: constant without K",
    file: "packages/core/src/internal/nce.ts",
    from: "Math.log(negative_NK.shape[1]) + logNormalizer",
    to: "logNormalizer",
    tests: "core Nce",
    fear: "noise is taken for one draw"
  },
  {
    name: "features: not normalised",
    file: "packages/core/src/internal/l2Normalize.ts",
    from: "tf.div(feature_ND, tf.sqrt(squared_N1)) as tf.Tensor2D",
    to: "tf.div(feature_ND, tf.onesLike(squared_N1)) as tf.Tensor2D",
    tests: "core ResNet",
    fear: "similarities are no cosines"
  },
  {
    name: "features: normalised over the batch",
    file: "packages/core/src/internal/l2Normalize.ts",
    from: "tf.sum(tf.square(feature_ND), 1, true)",
    to: "tf.sum(tf.square(feature_ND), 0, true)",
    tests: "core ResNet",
    fear: "similarities are no cosines"
  }
]
