import * as CounterRandom from "@moco/core/CounterRandom"
import type { ImageSource } from "../ImageSource.ts"
import * as InMemory from "./InMemory.ts"

/** What synthetic images look like; sizes in pixels. */
export interface SyntheticImages {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly numClasses: number
  readonly seed: number
}

/**
 * Small deterministic images with class structure: every class is a few soft blobs at places of its own; an image is its
 * class moved by up to a pixel, of varying brightness, with noise. Image i is of class `i % numClasses`.
 *
 * @returns the pixels of images `first` to `first + numImages - 1`, which depend on nothing but their number
 */
export const pixels = (settings: SyntheticImages, first: number, numImages: number): InMemory.PixelArray => {
  const classes = Array.from({ length: settings.numClasses }, (_, index) => drawClass(settings, index))
  return drawImages(settings, classes, first, numImages)
}

/** A source of {@link pixels}. */
export const source = (settings: SyntheticImages, images: InMemory.PixelArray): ImageSource =>
  InMemory.unchecked(images, {
    classes: Array.from({ length: settings.numClasses }, (_, index) => `class ${index}`),
    provenance: {
      name: "synthetic",
      sha256: {},
      from: `drawn from seed ${settings.seed}`,
      licence: undefined
    }
  })

interface Blob {
  readonly y: number
  readonly x: number
  readonly color: ReadonlyArray<number>
}

const blobsPerClass = 3
const stream = { classes: 0, images: 1 }

const drawClass = (
  { channels, height, seed, width }: SyntheticImages,
  index: number
): ReadonlyArray<Blob> => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.synthetic, stream.classes, index)
  return Array.from({ length: blobsPerClass }, () => ({
    y: height * (0.15 + 0.7 * random.uniform()),
    x: width * (0.15 + 0.7 * random.uniform()),
    color: Array.from({ length: channels }, () => 0.3 + 0.7 * random.uniform())
  }))
}

const drawImages = (
  settings: SyntheticImages,
  classes: ReadonlyArray<ReadonlyArray<Blob>>,
  first: number,
  numImages: number
): InMemory.PixelArray => {
  const { channels, height, width } = settings
  const size = height * width * channels
  const pixels_NHWC = new Uint8Array(numImages * size)
  const labels = new Int32Array(numImages)
  for (let image = 0; image < numImages; image++) {
    const index = first + image
    labels[image] = index % classes.length
    pixels_NHWC.set(drawImage(settings, classes[labels[image]!]!, index), image * size)
  }
  return { pixels_NHWC, labels, numImages, height, width, channels }
}

const drawImage = (settings: SyntheticImages, blobs: ReadonlyArray<Blob>, index: number): Uint8Array => {
  const { channels, height, seed, width } = settings
  const random = CounterRandom.make(seed, CounterRandom.Purpose.synthetic, stream.images, index)
  const moveY = 2 * random.uniform() - 1
  const moveX = 2 * random.uniform() - 1
  const brightness = 0.7 + 0.3 * random.uniform()
  const radius = Math.max(height, width) / 8
  const image = new Uint8Array(height * width * channels)
  for (let offset = 0; offset < image.length; offset++) {
    const pixel = Math.floor(offset / channels)
    const y = Math.floor(pixel / width) - moveY
    const x = (pixel % width) - moveX
    let value = 0.1 * random.uniform()
    for (const blob of blobs) {
      const distance = ((y - blob.y) ** 2 + (x - blob.x) ** 2) / radius ** 2
      value += brightness * blob.color[offset % channels]! * Math.exp(-distance)
    }
    image[offset] = Math.round(255 * Math.min(1, value))
  }
  return image
}
