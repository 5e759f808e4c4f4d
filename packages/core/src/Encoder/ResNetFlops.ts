import { type ConvSpec, filterSize, type LinearSpec, type ResNetLayout } from "./ResNetLayout.ts"

/**
 * Floating-point operations of the forward pass of one square image: convolutions and linear layers, an addition and a
 * multiplication each counted as one. Batch norm, ReLU, pooling and normalisation are left out: their time is that of
 * the memory, and not of arithmetic.
 *
 * **Gotchas** Convolutions count as in their direct form, by whatever algorithm they are computed: a step that uses
 * Winograd's may reach more than the machine's best rate of arithmetic, and one with groups, which are convolved together
 * with zeros between them, computes more than is counted.
 *
 * @param imageSize  height and width, pixels
 */
export const forwardFlops = (layout: ResNetLayout, imageSize: number): number => {
  const stemSize = strided(imageSize, layout.stem.stride)
  let size = layout.maxPool ? strided(stemSize, 2) : stemSize
  let flops = convFlops(layout.stem, stemSize)
  for (const { convs, downsample } of layout.blocks) {
    const inputSize = size
    for (const conv of convs) {
      size = strided(size, conv.stride)
      flops += convFlops(conv, size)
    }
    if (downsample !== undefined) flops += convFlops(downsample, strided(inputSize, downsample.stride))
  }
  return flops + layout.head.reduce((sum, linear) => sum + linearFlops(linear), 0)
}

/** Size of what a convolution with symmetric padding gives. */
const strided = (size: number, stride: number): number => Math.ceil(size / stride)

const convFlops = (conv: ConvSpec, outputSize: number): number => 2 * filterSize(conv) * outputSize ** 2

const linearFlops = ({ inputs, outputs }: LinearSpec): number => 2 * inputs * outputs
