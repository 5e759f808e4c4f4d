import * as Stage from "../Stage.ts"
import type { ResNetConfig } from "./ResNetConfig.ts"

/** What a ResNet is to be used on. */
export interface Use {
  /** Pixels. */
  readonly height: number
  /** Pixels. */
  readonly width: number
  readonly channels: number
  /** Images in a step. */
  readonly batchSize: number
}

type Grouped = Pick<ResNetConfig, "block" | "groups" | "groupWidth" | "width">

/** What is wrong with the groups of a network's convolutions, of which setting, and what to do. */
export const groupsProblem = ({
  block,
  groups = 1,
  groupWidth,
  width
}: Grouped): GroupsProblem | undefined => {
  if (block === "basic" && (groups > 1 || groupWidth !== undefined)) {
    const field = groups > 1 ? "groups" : "groupWidth"
    const problem = "is of bottlenecks, whose 3x3 convolution is cut into groups, and block is basic"
    return { field, problem, hint: "set block to bottleneck, or leave groups and groupWidth out" }
  }
  if (groupWidth !== undefined || width % groups === 0) return undefined
  const problem = `must divide the width of ${width} where no groupWidth is given`
  const hint = "give groupWidth, the channels of a group: 32 groups of 4 are ResNeXt-50 32x4d"
  return { field: "groups", problem, hint }
}

interface GroupsProblem {
  readonly field: "groups" | "groupWidth"
  readonly problem: string
  readonly hint: string
}

/** What a ResNet needs to be laid out. */
export const layoutNeeds = (config: ResNetConfig, channels: number): ReadonlyArray<Stage.Need> => {
  const groups = groupsProblem(config)
  return [
    choice("block", config.block, ["basic", "bottleneck"]),
    choice("stem", config.stem, ["cifar", "imagenet"]),
    choice("head", config.head, ["linear", "mlp"]),
    Stage.that(
      config.layers.length >= 1 && config.layers.length <= 8,
      "layers",
      config.layers,
      "must be 1 to 8 numbers",
      "blocks per stage: [2, 2, 2, 2] is ResNet-18"
    ),
    ...config.layers.map((numBlocks, i) =>
      Stage.count(`layers[${i}]`, numBlocks, "blocks of a stage: [2, 2, 2, 2] is ResNet-18")
    ),
    Stage.count("width", config.width, "channels of the first stage: 64 in ResNet-18"),
    Stage.count(
      "groups",
      config.groups ?? 1,
      "parts of a 3x3 convolution: 32 in ResNeXt-50 32x4d, 1 in ResNet-50"
    ),
    Stage.count("groupWidth", config.groupWidth ?? 1, "channels of a part: 4 in ResNeXt-50 32x4d"),
    ...(groups === undefined
      ? []
      : [Stage.that(false, groups.field, config[groups.field], groups.problem, groups.hint)]),
    Stage.count("featureSize", config.featureSize, "length of a feature: 128 in the literature"),
    Stage.count("batchNormGroups", config.batchNormGroups, "1 is ordinary batch norm"),
    Stage.count("channels", channels, "1 for gray images, 3 for RGB")
  ]
}

/** What a ResNet needs of the images and batches that it is to see. */
export const useNeeds = (config: ResNetConfig, use: Use): ReadonlyArray<Stage.Need> => {
  const { batchNormGroups: groups } = config
  const { batchSize, height, width } = use
  return [
    ...layoutNeeds(config, use.channels),
    Stage.count("image height", height, "pixels from top to bottom"),
    Stage.count("image width", width, "pixels from left to right"),
    Stage.that(
      Math.max(height, width) > 2 ** (numHalvings(config) - 1),
      "image size",
      `${height} x ${width}`,
      `is a single pixel before the last of the ${numHalvings(config)} layers that halve it`,
      "take larger images, fewer stages (layers), or the stem cifar, which halves nothing"
    ),
    Stage.that(
      batchSize % groups === 0,
      "batchNormGroups",
      groups,
      `must divide the batch of ${batchSize} images`,
      "1 is ordinary batch norm, which fits every batch"
    ),
    Stage.that(
      batchSize / groups >= 2,
      "batchNormGroups",
      groups,
      `leaves 1 image of a batch of ${batchSize} to a group, whose variance is 0`,
      "leave at least 2 images to a group"
    )
  ]
}

/** Layers of stride 2. An axis of n pixels has ceil(n / 2) after each. */
const numHalvings = ({ layers, stem }: ResNetConfig): number =>
  layers.length - 1 + (stem === "imagenet" ? 2 : 0)

const choice = (field: string, value: string, choices: ReadonlyArray<string>): Stage.Need =>
  Stage.that(
    choices.includes(value),
    field,
    value,
    `must be one of ${choices.join(", ")}`,
    "write it as it stands there"
  )
