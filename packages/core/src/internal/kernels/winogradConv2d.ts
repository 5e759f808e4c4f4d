import type * as tf from "@tensorflow/tfjs-core"
import type { EagerBackend } from "../eager.ts"
import type { Convolution } from "./directConv2d.ts"
import { fillVectors } from "./nativeOps.ts"

/** Pixels of a tile, per side. */
const tile = 4

/**
 * Whether Winograd's algorithm is the faster one: 3x3 filters of stride 1 on images that fill its 4x4 tiles.
 *
 * It takes a quarter of the multiplications of the direct form; the rounding error is about three units in the sixth
 * decimal place of the largest output.
 */
export const isWinograd = (
  [, height, width]: tf.Tensor4D["shape"],
  [kernel, , inputs, outputs]: tf.Tensor4D["shape"],
  stride: number
): boolean => {
  const covered = Math.ceil(height / tile) * Math.ceil(width / tile) * tile * tile
  return kernel === 3 && stride === 1 && fillVectors(inputs, outputs) && 2 * height * width >= covered
}

/** By Winograd's algorithm (Lavin & Gray 2016, F(4x4, 3x3)), on the project's own ops. */
export const winograd = (backend: EagerBackend): Convolution => ({
  forward: (x, filter) => backend.executeSingleOutput("MocoConv3x3", [], [x, filter]),
  inputGradient: (dy, filter) => backend.executeSingleOutput("MocoConv3x3InputGradient", [], [dy, filter]),
  filterGradient: (x, dy) => backend.executeSingleOutput("MocoConv3x3FilterGradient", [], [x, dy])
})
