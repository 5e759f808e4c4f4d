import { Effect } from "effect"
import type { DatasetInvalid } from "../Dataset/errors.ts"
import { type Fault, fault, report } from "../Dataset/fault.ts"
import * as ImageSource from "../ImageSource.ts"
import { countFaults, labelFaults, typeName } from "./faults.ts"

/** Images of one size in host memory. */
export interface PixelArray {
  /** 0..255, image after image, row after row, channels innermost. */
  readonly pixels_NHWC: Uint8Array
  /** One class index per image, or none. */
  readonly labels?: Uint8Array | Int32Array | undefined
  readonly numImages: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** What pixels do not say of themselves. */
export type Origin = Pick<ImageSource.ImageSource, "classes" | "provenance">

/** A source of the images of an array, which is not copied; checked. */
export const make = (
  images: PixelArray,
  origin: Origin
): Effect.Effect<ImageSource.ImageSource, DatasetInvalid> =>
  Effect.map(report(origin.provenance.name, faults(images, origin)), () => unchecked(images, origin))

/** Like {@link make}, for an array that is known to be right. */
export const unchecked = (images: PixelArray, { classes, provenance }: Origin): ImageSource.ImageSource => {
  const { channels, height, numImages, pixels_NHWC, width } = images
  const size = height * width * channels
  return ImageSource.make({
    numImages,
    size: { kind: "fixed", height, width },
    channels,
    classes,
    labels: wide(images.labels),
    provenance,
    read: (indices) =>
      Effect.sync(() =>
        Array.from(indices, (index) => ({
          pixels_HWC: pixels_NHWC.subarray(index * size, (index + 1) * size),
          height,
          width
        }))
      )
  })
}

/** Everything that is wrong with the images of an array. */
export function* faults(images: PixelArray, { classes }: Pick<Origin, "classes">): Generator<Fault> {
  const { channels, height, labels, numImages, width } = images
  yield* countFaults({ numImages, height, width, channels })
  yield* pixelFaults(images)
  if (labels !== undefined && !(labels instanceof Uint8Array || labels instanceof Int32Array)) {
    const problem = "must be a Uint8Array or an Int32Array"
    yield fault("labels", typeName(labels), problem, "one class index per image")
  }
  yield* labelFaults({ classes, labels: wide(labels), numImages })
}

function* pixelFaults({ channels, height, numImages, pixels_NHWC, width }: PixelArray): Generator<Fault> {
  if (!(pixels_NHWC instanceof Uint8Array)) {
    const hint = "values are 0 to 255, channels innermost"
    yield fault("pixels_NHWC", typeName(pixels_NHWC), "must be a Uint8Array", hint)
  }
  const expected = numImages * height * width * channels
  if (pixels_NHWC.length !== expected) {
    const difference = expected - pixels_NHWC.length
    const problem = `must be ${expected}: ${numImages} images of ${height} x ${width} x ${channels}`
    const hint = difference > 0 ? `${difference} bytes are missing` : `${-difference} bytes are left over`
    yield fault("pixels_NHWC.length", pixels_NHWC.length, problem, hint)
  }
}

const wide = (labels: PixelArray["labels"]): Int32Array | undefined =>
  labels instanceof Uint8Array ? Int32Array.from(labels) : labels
