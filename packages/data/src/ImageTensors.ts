import * as tf from "@tensorflow/tfjs-core"
import type { Images } from "./ImageSource.ts"

const unit = Float32Array.from({ length: 256 }, (_, value) => value / 255)

/**
 * Images of one size as float32 in 0..1: the input of `Augmentation`. Pure; the tensor belongs to the caller.
 *
 * @param images  at least one, all of the size of the first
 * @throws RangeError when one is of another size
 */
export const toTensor = (images: Images, channels: number): tf.Tensor4D => {
  const { height, width } = images[0] ?? { height: 0, width: 0 }
  const size = height * width * channels
  const values = new Float32Array(images.length * size)
  for (let row = 0; row < images.length; row++) {
    const image = images[row]!
    if (image.height !== height || image.width !== width) {
      throw new RangeError(`an image of ${image.height} x ${image.width} among those of ${height} x ${width}`)
    }
    const pixels = image.pixels_HWC
    const to = row * size
    for (let offset = 0; offset < size; offset++) values[to + offset] = unit[pixels[offset]!]!
  }
  return tf.tensor4d(values, [images.length, height, width, channels])
}

/** The images of a batch that are of one size; `rows` are their places in the batch. */
export interface ImageGroup {
  readonly image_NHWC: tf.Tensor4D
  readonly rows: ReadonlyArray<number>
}

/**
 * The images of a batch as tensors, one for each size: a single one where all are of one size. Pure; the tensors belong
 * to the caller.
 */
export const toGroups = (images: Images, channels: number): ReadonlyArray<ImageGroup> => {
  const rowsBySize = new Map<string, Array<number>>()
  images.forEach(({ height, width }, row) => {
    const size = `${height} x ${width}`
    const rows = rowsBySize.get(size)
    if (rows === undefined) rowsBySize.set(size, [row])
    else rows.push(row)
  })
  return [...rowsBySize.values()].map((rows) => ({
    image_NHWC: toTensor(rowsBySize.size === 1 ? images : rows.map((row) => images[row]!), channels),
    rows
  }))
}

/**
 * What `transform` makes of every group, in the order of the batch. Pure; the tensor belongs to the caller's tidy, and
 * is that of `transform` itself where there is one group.
 *
 * @param transform  gives as many images as it gets, all of one size
 */
export const inOrder = (
  groups: ReadonlyArray<ImageGroup>,
  transform: (group: ImageGroup) => tf.Tensor4D
): tf.Tensor4D => {
  const [only, ...others] = groups
  if (only !== undefined && others.length === 0) return transform(only)
  const rows = groups.flatMap((group) => group.rows)
  const placeOf = new Int32Array(rows.length)
  rows.forEach((row, place) => {
    placeOf[row] = place
  })
  return tf.tidy(() => tf.gather(tf.concat4d(groups.map(transform), 0), tf.tensor1d(placeOf, "int32")))
}
