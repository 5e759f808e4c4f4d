import type { ResNetConfig } from "./ResNetConfig.ts"

/** A convolution without bias and the batch normalisation behind it, by torchvision's names. */
export interface ConvSpec {
  readonly name: string
  readonly norm: string
  readonly kernel: number
  readonly stride: number
  readonly inputs: number
  readonly outputs: number
  /** Parts of the channels that are convolved each by itself; 1 is an ordinary convolution. */
  readonly groups: number
}

export interface LinearSpec {
  readonly name: string
  readonly inputs: number
  readonly outputs: number
}

/** A residual block; `downsample` is the projection shortcut, present where stride or width changes. */
export interface Block {
  readonly convs: ReadonlyArray<ConvSpec>
  readonly downsample: ConvSpec | undefined
}

/** The layers of a ResNet as data: forward pass, initialisation and export all read this one list. */
export interface ResNetLayout {
  readonly stem: ConvSpec
  readonly maxPool: boolean
  readonly blocks: ReadonlyArray<Block>
  readonly head: ReadonlyArray<LinearSpec>
  /** Length of the backbone's representation. */
  readonly representationSize: number
  readonly batchNormGroups: number
}

/**
 * Lays out a ResNet (He et al. 2016, table 1; torchvision's form, with the stride on the 3x3 convolution, and its form of
 * groups: `groupWidth` doubles from stage to stage, the bottleneck's end is as wide as without).
 */
export const layoutOf = (config: ResNetConfig, channels: number): ResNetLayout => {
  const expansion = config.block === "basic" ? 1 : 4
  const { groups = 1 } = config
  const groupWidth = config.groupWidth ?? config.width / groups
  const blocks: Array<Block> = []
  let inputs = config.width
  config.layers.forEach((numBlocks, stage) => {
    const width = config.width * 2 ** stage
    const inner = { groups, width: groups * groupWidth * 2 ** stage }
    for (let index = 0; index < numBlocks; index++) {
      const stride = stage > 0 && index === 0 ? 2 : 1
      blocks.push(
        blockOf(config.block, `layer${stage + 1}.${index}`, inputs, inner, width * expansion, stride)
      )
      inputs = width * expansion
    }
  })
  const isImageNet = config.stem === "imagenet"
  return {
    stem: conv("conv1", "bn1", isImageNet ? 7 : 3, isImageNet ? 2 : 1, channels, config.width),
    maxPool: isImageNet,
    blocks,
    head: headOf(config, inputs),
    representationSize: inputs,
    batchNormGroups: config.batchNormGroups
  }
}

const conv = (
  name: string,
  norm: string,
  kernel: number,
  stride: number,
  inputs: number,
  outputs: number,
  groups = 1
): ConvSpec => ({ name, norm, kernel, stride, inputs, outputs, groups })

const blockOf = (
  kind: ResNetConfig["block"],
  name: string,
  inputs: number,
  { groups, width }: Pick<ResNetConfig, "width"> & { readonly groups: number },
  outputs: number,
  stride: number
): Block => {
  const part = (index: number, kernel: number, partStride: number, from: number, to: number, numGroups = 1) =>
    conv(`${name}.conv${index}`, `${name}.bn${index}`, kernel, partStride, from, to, numGroups)
  const convs =
    kind === "basic"
      ? [part(1, 3, stride, inputs, width), part(2, 3, 1, width, width)]
      : [
          part(1, 1, 1, inputs, width),
          part(2, 3, stride, width, width, groups),
          part(3, 1, 1, width, outputs)
        ]
  const projects = stride !== 1 || inputs !== outputs
  return {
    convs,
    downsample: projects
      ? conv(`${name}.downsample.0`, `${name}.downsample.1`, 1, stride, inputs, outputs)
      : undefined
  }
}

const headOf = ({ featureSize, head }: ResNetConfig, size: number): ReadonlyArray<LinearSpec> =>
  head === "linear"
    ? [{ name: "fc", inputs: size, outputs: featureSize }]
    : [
        { name: "fc.0", inputs: size, outputs: size },
        { name: "fc.2", inputs: size, outputs: featureSize }
      ]

/** Numbers in a convolution's filter. */
export const filterSize = ({ groups, inputs, kernel, outputs }: ConvSpec): number =>
  kernel ** 2 * (inputs / groups) * outputs

/** Every convolution of the network, stem first. */
export const convsOf = (layout: ResNetLayout): ReadonlyArray<ConvSpec> => [
  layout.stem,
  ...layout.blocks.flatMap(({ convs, downsample }) =>
    downsample === undefined ? convs : [...convs, downsample]
  )
]
