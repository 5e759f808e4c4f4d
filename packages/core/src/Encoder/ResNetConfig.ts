import { Schema } from "effect"
import { upTo } from "../Setting.ts"

/** Far above published networks, as all bounds here: a ResNet-1202 has 600 blocks, a wide ResNet-50 2,048 channels. */
const maxBlocks = 1000
const depth = Schema.makeFilter((layers: ReadonlyArray<number>) => {
  const numBlocks = layers.reduce((sum, blocks) => sum + blocks, 0)
  return numBlocks <= maxBlocks || `has ${numBlocks} blocks in all, and ${maxBlocks} are the most`
})

/**
 * One description of every residual network of He et al. 2016, ImageNet and CIFAR forms alike, and of their wider forms:
 * all channels (`width`), or those of the bottlenecks' 3x3 convolutions, in groups (Xie et al. 2017) or in one.
 */
export const ResNetConfig = Schema.Struct({
  block: Schema.Literals(["basic", "bottleneck"]).annotate({
    description: "residual block: two 3x3 convolutions, or 1x1, 3x3, 1x1 with four times the width at its end"
  }),
  layers: Schema.Array(upTo(maxBlocks)).check(Schema.isMinLength(1), Schema.isMaxLength(8), depth).annotate({
    description: "blocks per stage; each stage after the first halves the image and doubles the width",
    unit: "blocks"
  }),
  width: upTo(65_536).annotate({
    description: "channels of the first stage: 64, and 128 or 256 in the paper's R50w2x and R50w4x",
    unit: "channels"
  }),
  groups: Schema.optionalKey(upTo(65_536)).annotate({
    description:
      "parts of a bottleneck's 3x3 convolution, each of which sees its own channels alone (ResNeXt: 32); 1 where it is left out",
    unit: "groups"
  }),
  groupWidth: Schema.optionalKey(upTo(65_536)).annotate({
    description:
      "channels of such a part in the first stage (ResNeXt-50 32x4d: 4); where it is left out, the parts share width",
    unit: "channels"
  }),
  stem: Schema.Literals(["cifar", "imagenet"]).annotate({
    description:
      "3x3 stride 1, or 7x7 stride 2 followed by a 3x3 stride 2 max-pool; initialised as in torchvision, where the authors' CIFAR notebook leaves its stem at PyTorch's default"
  }),
  head: Schema.Literals(["linear", "mlp"]).annotate({
    description: "projection to the feature: one linear layer (MoCo v1), or linear, ReLU, linear (MoCo v2)"
  }),
  featureSize: upTo(65_536).annotate({
    description: "length of a feature (the dictionary's rows)",
    unit: "numbers"
  }),
  batchNormGroups: upTo(1_048_576).annotate({
    description: "parts of a batch with batch statistics of their own (split batch norm); 1 is ordinary",
    unit: "groups"
  })
})
export type ResNetConfig = typeof ResNetConfig.Type
