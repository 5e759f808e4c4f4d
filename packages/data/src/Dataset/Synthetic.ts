import * as CounterRandom from "@moco/core/CounterRandom"
import { Layer } from "effect"
import { Dataset, type ImageSet } from "../Dataset.ts"
import { channelStatistics } from "./statistics.ts"

/** What a synthetic set looks like; sizes in pixels. */
export interface SyntheticSettings {
  readonly numTrain: number
  readonly numTest: number
  readonly height: number
  readonly width: number
  readonly channels: number
  /** At most 256. */
  readonly numClasses: number
  readonly seed: number
}

/**
 * Small deterministic images with class structure, for tests: every class is a few soft blobs at places of its own;
 * an image is its class moved by up to a pixel, of varying brightness, with noise. Image i is of class
 * `i % numClasses`; test images follow the training images, so none is in both.
 */
export const layerSynthetic = (settings: SyntheticSettings): Layer.Layer<Dataset> =>
  Layer.sync(Dataset, () => {
    const classes = Array.from({ length: settings.numClasses }, (_, index) => drawClass(settings, index))
    const train = drawImages(settings, classes, 0, settings.numTrain)
    return Dataset.of({
      name: "synthetic",
      classes: classes.map((_, index) => `class ${index}`),
      train,
      test: drawImages(settings, classes, settings.numTrain, settings.numTest),
      ...channelStatistics(train)
    })
  })

interface Blob {
  readonly y: number
  readonly x: number
  readonly color: ReadonlyArray<number>
}

const blobsPerClass = 3
const stream = { classes: 0, images: 1 }

const drawClass = (
  { channels, height, seed, width }: SyntheticSettings,
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
  settings: SyntheticSettings,
  classes: ReadonlyArray<ReadonlyArray<Blob>>,
  first: number,
  numImages: number
): ImageSet => {
  const { channels, height, width } = settings
  const size = height * width * channels
  const pixels_NHWC = new Uint8Array(numImages * size)
  const labels = new Uint8Array(numImages)
  for (let image = 0; image < numImages; image++) {
    const index = first + image
    labels[image] = index % classes.length
    pixels_NHWC.set(drawImage(settings, classes[labels[image]!]!, index), image * size)
  }
  return { pixels_NHWC, labels, numImages, height, width, channels }
}

const drawImage = (settings: SyntheticSettings, blobs: ReadonlyArray<Blob>, index: number): Uint8Array => {
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
