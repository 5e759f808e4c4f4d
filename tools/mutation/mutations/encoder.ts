import type { Mutation } from "../Mutation.ts"

/** Mutations of encoders, their initialisation and their updates. */
export const encoderMutations: ReadonlyArray<Mutation> = [
  {
    name: "sgd: weight decay omitted",
    file: "packages/core/src/Parameters.ts",
    from: "tf.tensor1d([learningRate, momentum, weightDecay])",
    to: "tf.tensor1d([learningRate, momentum, 0])",
    tests: "core Parameters",
    fear: "no weight decay"
  },
  {
    name: "sgd: gradient scaled as a mean",
    file: "packages/core/src/Parameters.ts",
    from: "return tf.add(tf.mul(moments[name]!, settings.momentum), decayed)",
    to: "return tf.add(tf.mul(moments[name]!, settings.momentum), tf.mul(decayed, 1 - settings.momentum))",
    tests: "core Parameters",
    fear: "a tenth of the learning rate, without the own ops"
  },
  {
    name: "ResNet: features left in groups",
    file: "packages/core/src/Encoder/ResNet.ts",
    from: "interchange(feature_ND, groups, feature_ND.shape[0] / groups)",
    to: "interchange(feature_ND, feature_ND.shape[0] / groups, groups)",
    tests: "core ResNet",
    fear: "features belong to other images of the batch"
  },
  {
    name: "ResNet: mean and variance swapped",
    file: "packages/core/src/Encoder/ResNet.ts",
    from: "running_mean`] as tf.Tensor1D",
    to: "running_var`] as tf.Tensor1D",
    tests: "core ResNet",
    fear: "evaluation normalises by the wrong statistics"
  },
  {
    name: "ResNet: Kaiming by fan-in",
    file: "packages/core/src/Encoder/ResNetInit.ts",
    from: `kernel * kernel * outputs
`,
    to: `kernel * kernel * inputs
`,
    tests: "core ResNet",
    fear: "another initialisation than torchvision's"
  },
  {
    name: "ResNeXt: Kaiming by the fan-out of a group",
    file: "packages/core/src/Encoder/ResNetInit.ts",
    from: "Math.sqrt(2 / fanOut)",
    to: "Math.sqrt((2 * groups) / fanOut)",
    tests: "core ResNetInit",
    fear: "another initialisation than torchvision's"
  },
  {
    name: "ResNeXt: every output sees its whole bundle",
    file: "packages/core/src/internal/kernels/groupedConv2d.ts",
    from: 'tf.cast(isSame, "float32")',
    to: 'tf.cast(tf.onesLike(isSame), "float32")',
    tests: "core groupedConv2d",
    fear: "groups that are none"
  },
  {
    name: "ResNet: last block without ReLU",
    file: "packages/core/src/Encoder/ResNet.ts",
    from: "return convolve(block.convs.at(-1)!, y, { addRelu: shortcut })",
    to: 'return tf.add(convolve(block.convs.at(-1)!, y, "none"), shortcut)',
    tests: "core ResNet",
    fear: "another network"
  },
  {
    name: "batch norm: biased running variance",
    file: "packages/core/src/internal/kernels/composed.ts",
    from: "count / Math.max(1, count - 1)",
    to: "1",
    tests: "core batchNorm",
    fear: "evaluation differs from PyTorch's"
  },
  {
    name: "random: Sattolo in place of Fisher-Yates",
    file: "packages/core/src/CounterRandom.ts",
    from: "random.below(last + 1)",
    to: "random.below(last)",
    tests: "core CounterRandom",
    fear: "no image ever stays in its place"
  },
  {
    name: "random: normals of half the width",
    file: "packages/core/src/CounterRandom.ts",
    from: "Math.sqrt(-2 * Math.log",
    to: "Math.sqrt(-Math.log",
    tests: "core CounterRandom",
    fear: "weights of half the variance"
  }
]
