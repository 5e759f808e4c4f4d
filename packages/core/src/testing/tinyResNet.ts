import type { ResNetConfig } from "../Encoder/ResNetConfig.ts"

/** The smallest network that has every kind of layer: two stages, the second one projecting its shortcut. */
export const tinyResNet: ResNetConfig = {
  block: "basic",
  layers: [1, 1],
  width: 4,
  stem: "cifar",
  head: "linear",
  featureSize: 8,
  batchNormGroups: 1
}
