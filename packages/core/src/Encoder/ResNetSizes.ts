import type { EncoderSizes } from "./EncoderSizes.ts"
import type { ResNetConfig } from "./ResNetConfig.ts"
import { forwardFlops } from "./ResNetFlops.ts"
import { convsOf, filterSize, layoutOf } from "./ResNetLayout.ts"

/** Sizes of a ResNet, of its layout. */
export const sizesOfResNet = (config: ResNetConfig, channels: number): EncoderSizes => {
  const layout = layoutOf(config, channels)
  // A convolution has no bias, and batch norm behind it a scale and an offset.
  const ofConvs = convsOf(layout).map((conv) => filterSize(conv) + 2 * conv.outputs)
  const ofHead = layout.head.map(({ inputs, outputs }) => inputs * outputs + outputs)
  const { outputs, stride } = layout.stem
  return {
    featureSize: config.featureSize,
    representationSize: layout.representationSize,
    numParameters: [...ofConvs, ...ofHead].reduce((sum, size) => sum + size, 0),
    firstLayer: (height, width) => Math.ceil(height / stride) * Math.ceil(width / stride) * outputs,
    forwardFlops: (imageSize) => forwardFlops(layout, imageSize),
    smaller: ["layers", "width", ...(config.groupWidth === undefined ? [] : ["groupWidth"]), "featureSize"]
  }
}
