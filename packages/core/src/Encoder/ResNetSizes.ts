import type { EncoderSizes } from "./EncoderSizes.ts"
import type { ResNetConfig } from "./ResNetConfig.ts"
import { forwardFlops } from "./ResNetFlops.ts"
import { convsOf, layoutOf } from "./ResNetLayout.ts"

/** Sizes of a ResNet, of its layout. */
export const sizesOfResNet = (config: ResNetConfig, channels: number): EncoderSizes => {
  const layout = layoutOf(config, channels)
  // A convolution has no bias, and batch norm behind it a scale and an offset.
  const ofConvs = convsOf(layout).map(
    ({ inputs, kernel, outputs }) => kernel ** 2 * inputs * outputs + 2 * outputs
  )
  const ofHead = layout.head.map(({ inputs, outputs }) => inputs * outputs + outputs)
  const { outputs, stride } = layout.stem
  return {
    featureSize: config.featureSize,
    representationSize: layout.representationSize,
    numParameters: [...ofConvs, ...ofHead].reduce((sum, size) => sum + size, 0),
    firstLayer: (height, width) => Math.ceil(height / stride) * Math.ceil(width / stride) * outputs,
    forwardFlops: (imageSize) => forwardFlops(layout, imageSize),
    smaller: ["layers", "width", "featureSize"]
  }
}
