import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Schema } from "effect"
import { check, checkImages, type DatasetInvalid, type OwnImages } from "./Dataset/check.ts"
import { channelStatistics } from "./Dataset/statistics.ts"

export { DatasetInvalid } from "./Dataset/check.ts"

/** Labelled images in host memory. */
export interface ImageSet {
  /** 0..255, image after image, row after row, channels innermost. */
  readonly pixels_NHWC: Uint8Array
  /** One class index per image. Training never reads it; evaluation does. */
  readonly labels: Uint8Array
  readonly numImages: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** The images of a run: what the encoder is trained on and what it is judged by. */
export class Dataset extends Context.Service<
  Dataset,
  {
    /** Names the images and their split, e.g. `fashion-mnist-10k`; figures of different names are not comparable. */
    readonly name: string
    /** Class names; `labels` index into it. */
    readonly classes: ReadonlyArray<string>
    /** What the encoder is trained on; also the bank of the kNN evaluation. */
    readonly train: ImageSet
    /** What the encoder is judged by. */
    readonly test: ImageSet
    /** Per channel, of `train`'s pixels / 255: what encoder inputs are normalised with. */
    readonly mean: ReadonlyArray<number>
    /** Per channel, of `train`'s pixels / 255. */
    readonly std: ReadonlyArray<number>
  }
>()("@moco/data/Dataset") {
  /** A data set of your own, checked; `mean` and `std` are computed where they are not given. */
  static readonly make = (own: OwnDataset): Effect.Effect<Dataset["Service"], DatasetInvalid> =>
    Effect.andThen(
      checkImages(own),
      Effect.suspend(() => {
        const dataset = Dataset.of({ ...channelStatistics(own.train), ...own })
        return Effect.as(check(dataset), dataset)
      })
    )

  /** {@link make} as a layer. */
  static readonly layerOf = (own: OwnDataset): Layer.Layer<Dataset, DatasetInvalid> =>
    Layer.effect(Dataset, Dataset.make(own))

  /**
   * The data set, once all of it is known to fit together. Whoever reads images, labels or statistics asks for it in
   * this way: it may have been made by `Dataset.of`, which looks at nothing.
   */
  static readonly checked: Effect.Effect<Dataset["Service"], DatasetInvalid, Dataset> = Effect.suspend(() =>
    Effect.tap(Dataset, check)
  )
}

/** What a data set is made of; see {@link Dataset.make}. */
export type OwnDataset = OwnImages & Partial<Pick<Dataset["Service"], "mean" | "std">>

/** A file of the data set is in none of the folders that were searched. */
export class DatasetMissing extends Schema.TaggedError<DatasetMissing>()("DatasetMissing", {
  dataset: Schema.String,
  file: Schema.String,
  searched: Schema.Array(Schema.String),
  hint: Schema.String
}) {
  override get message() {
    const places =
      this.searched.length === 0 ? "no folder was given" : `searched: ${this.searched.join(", ")}`
    return `${this.dataset}: ${this.file} was not found (${places})\n  ${this.hint}`
  }
}

/** A file of the data set exists and cannot be read. */
export class DatasetUnreadable extends Schema.TaggedError<DatasetUnreadable>()("DatasetUnreadable", {
  file: Schema.String,
  hint: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    // The platform's error names the call that failed; why it failed stands in the system's error below it.
    const cause = this.cause instanceof Error ? (this.cause.cause ?? this.cause) : this.cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    return `${this.file} cannot be read: ${reason}\n  ${this.hint}`
  }
}

/** A file is not the published one: `expected` and `actual` are SHA-256 of the decompressed bytes. */
export class DatasetCorrupt extends Schema.TaggedError<DatasetCorrupt>()("DatasetCorrupt", {
  file: Schema.String,
  expected: Schema.String,
  actual: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.file} is damaged: its SHA-256 should be ${this.expected}, it is ${this.actual}\n  ${this.hint}`
  }
}

/** Values of one image: `height * width * channels`. */
export const imageSize = (set: ImageSet): number => set.height * set.width * set.channels

/**
 * Images `start` to `end - 1`, sharing memory with `set`.
 *
 * Like `subarray`, indices beyond the ends are moved to the ends.
 */
export const slice = (set: ImageSet, start: number, end: number): ImageSet => {
  const size = imageSize(set)
  const labels = set.labels.subarray(start, end)
  const first = labels.byteOffset - set.labels.byteOffset
  return {
    ...set,
    pixels_NHWC: set.pixels_NHWC.subarray(first * size, (first + labels.length) * size),
    labels,
    numImages: labels.length
  }
}

const unit = Float32Array.from({ length: 256 }, (_, value) => value / 255)

/**
 * The images at `indices` (all, when left out) as float32 in 0..1: the input of `Augmentation`. Pure; the tensor
 * belongs to the caller.
 *
 * @throws RangeError when an index is outside the set
 */
export const toTensor = (set: ImageSet, indices?: Int32Array): tf.Tensor4D => {
  const size = imageSize(set)
  const numImages = indices?.length ?? set.numImages
  const values = new Float32Array(numImages * size)
  for (let row = 0; row < numImages; row++) {
    const index = indices === undefined ? row : indices[row]!
    if (!(index >= 0 && index < set.numImages)) {
      throw new RangeError(
        `image ${index} was asked for; the set has ${set.numImages} images, counted from 0`
      )
    }
    const from = index * size
    const to = row * size
    for (let offset = 0; offset < size; offset++) values[to + offset] = unit[set.pixels_NHWC[from + offset]!]!
  }
  return tf.tensor4d(values, [numImages, set.height, set.width, set.channels])
}
