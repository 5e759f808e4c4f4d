import { type ImageSource, type Images, readRange } from "@moco/data/ImageSource"
import { toTensor } from "@moco/data/ImageTensors"
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"

/** The images of a source that has them in memory: all, or those at `indices`. */
export const imagesOf = (source: ImageSource, indices?: ReadonlyArray<number>): Images =>
  Effect.runSync(
    indices === undefined ? readRange(source, 0, source.numImages) : source.read(Int32Array.from(indices))
  )

/** {@link imagesOf} as a tensor, which belongs to the caller. */
export const tensorOf = (source: ImageSource, indices?: ReadonlyArray<number>): tf.Tensor4D =>
  toTensor(imagesOf(source, indices), source.channels)

/** {@link imagesOf} as bytes, image after image. */
export const pixelsOf = (source: ImageSource): Uint8Array =>
  Uint8Array.from(imagesOf(source).flatMap(({ pixels_HWC }) => [...pixels_HWC]))
