import type * as tf from "@tensorflow/tfjs-core"
import { attributes, type EagerBackend } from "../eager.ts"
import type { Convolution } from "./directConv2d.ts"
import { fillVectors } from "./nativeOps.ts"

/** Whether the project's own ops have this convolution: a stride of 2, which TensorFlow is slow at. */
export const isStrided = ([kernel, , inputs, outputs]: tf.Tensor4D["shape"], stride: number): boolean =>
  stride === 2 && (kernel === 1 || kernel === 3) && fillVectors(inputs, outputs)

/** By the project's own ops, but for the filter's gradient, which is TensorFlow's. */
export const strided = (
  backend: EagerBackend,
  [, height, width]: tf.Tensor4D["shape"],
  stride: number,
  { filterGradient }: Convolution
): Convolution => {
  const attribute = attributes(backend)
  const opAttributes = [
    attribute.integer("stride", stride),
    attribute.integer("height", height),
    attribute.integer("width", width)
  ]
  return {
    forward: (x, filter) => backend.executeSingleOutput("MocoStridedConv", opAttributes, [x, filter]),
    inputGradient: (dy, filter) =>
      backend.executeSingleOutput("MocoStridedConvInputGradient", opAttributes, [dy, filter]),
    filterGradient
  }
}
