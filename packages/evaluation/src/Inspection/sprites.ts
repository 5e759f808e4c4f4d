import type { ChannelStatistics } from "@moco/data/Dataset/statistics"
import type { Image, Images } from "@moco/data/ImageSource"
import type * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import type { Sprite } from "../Inspection.ts"

/** Pictures of an inspection cannot be drawn. */
export class PicturesUndrawn extends Schema.TaggedError<PicturesUndrawn>()("PicturesUndrawn", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `the pictures ${this.file} cannot be drawn: ${this.reason}\n  look at how the images are read; all else of the run is there`
  }
}

/** A sprite with the bytes of its file. */
export interface DrawnSprite {
  readonly sprite: Sprite
  readonly bytes: Uint8Array
}

/**
 * Draws images of any size as one file, each in a square: as PNG where its name ends so, else as WebP.
 *
 * @param side  of a square, pixels
 */
export const drawSprite = (
  file: string,
  images: Images,
  channels: number,
  { columns, side }: { readonly columns: number; readonly side: number }
) =>
  Effect.map(
    Effect.tryPromise({
      try: async () => {
        // Of native code, with files of its own: loaded where something is drawn.
        const { tile } = await import("@moco/data/Decode/tile")
        const format = file.endsWith(".png") ? "png" : "webp"
        return await tile(rowsOf(images, columns), channels, { side, gap: 0, format })
      },
      catch: (cause) =>
        new PicturesUndrawn({ file, reason: cause instanceof Error ? cause.message : String(cause) })
    }),
    (bytes): DrawnSprite => ({
      sprite: { file, width: side, height: side, columns, count: images.length },
      bytes
    })
  )

const rowsOf = (images: Images, columns: number): ReadonlyArray<Images> =>
  Array.from({ length: Math.ceil(images.length / columns) }, (_, row) =>
    images.slice(row * columns, (row + 1) * columns)
  )

/** Normalised images as pixels again. Reads from the backend. */
export const unnormalised = (image_NHWC: tf.Tensor4D, { mean, std }: ChannelStatistics): Images => {
  const [numImages, height, width, channels] = image_NHWC.shape
  const values = image_NHWC.dataSync<"float32">()
  const size = height * width * channels
  return Array.from(
    { length: numImages },
    (_, row): Image => ({
      height,
      width,
      pixels_HWC: Uint8Array.from(values.subarray(row * size, (row + 1) * size), (value, at) =>
        byte(value * std[at % channels]! + mean[at % channels]!)
      )
    })
  )
}

/** Each filter as an image of its own, from its least weight to its largest. */
export const filterImages = (filter_HWIO: tf.Tensor4D): Images => {
  const [height, width, channels, count] = filter_HWIO.shape
  const weights = filter_HWIO.dataSync<"float32">()
  return Array.from({ length: count }, (_, filter) => {
    const own = Float32Array.from(
      { length: height * width * channels },
      (_, at) => weights[at * count + filter]!
    )
    const least = own.reduce((a, b) => Math.min(a, b))
    const largest = own.reduce((a, b) => Math.max(a, b))
    return {
      ...{ height, width },
      pixels_HWC: Uint8Array.from(own, (weight) => byte((weight - least) / (largest - least || 1)))
    }
  })
}

const byte = (value: number): number => Math.round(255 * Math.min(1, Math.max(0, value)))
