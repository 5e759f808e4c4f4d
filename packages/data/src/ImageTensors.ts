import * as tf from "@tensorflow/tfjs-core"
import type { Images } from "./ImageSource.ts"

const unit = Float32Array.from({ length: 256 }, (_, value) => value / 255)

/**
 * Images of one size as float32 in 0..1: what a batch of them is computed from. Pure; the tensor belongs to the caller.
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
