import type { ResNetConfig } from "./ResNetConfig.ts"

/** The part of a network that its name says; stem, head and batch norm are a recipe's. */
export type Shape = Pick<ResNetConfig, "block" | "layers" | "width" | "groups" | "groupWidth">

const fifty = { block: "bottleneck", layers: [3, 4, 6, 3], width: 64 } as const satisfies Shape

/** Networks by the names that the literature gives them. */
export const published = {
  resnet18: { block: "basic", layers: [2, 2, 2, 2], width: 64 },
  /** The CIFAR form of the same paper. */
  resnet20: { block: "basic", layers: [3, 3, 3], width: 16 },
  resnet34: { block: "basic", layers: [3, 4, 6, 3], width: 64 },
  resnet50: fifty,
  /**
   * All channels twice and four times (Kolesnikov et al. 2019), as in the MoCo paper: 94 and 375 million parameters.
   * torchvision's `wide_resnet50_2` is another network: it widens the 3x3 convolutions alone (`groupWidth` 128).
   */
  resnet50w2: { ...fifty, width: 128 },
  resnet50w4: { ...fifty, width: 256 },
  /** ResNeXt-50 32x4d (Xie et al. 2017), about as many parameters as ResNet-50. */
  resnext50: { ...fifty, groups: 32, groupWidth: 4 },
  /** ResNeXt-50 32x8d, the MoCo paper's RX50: 46 million parameters. */
  resnext50w8: { ...fifty, groups: 32, groupWidth: 8 }
} as const satisfies Record<string, Shape>
