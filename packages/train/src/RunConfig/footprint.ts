import type { ResNetConfig } from "@moco/core/Encoder/ResNetConfig"
import { convsOf, layoutOf } from "@moco/core/Encoder/ResNetLayout"
import type { RunConfig } from "./schema.ts"

/** The images of a run. */
export interface ImageSet {
  readonly numImages: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** What a run holds in memory because of a setting. */
export interface Share {
  /** The setting that most of it comes from. */
  readonly path: string
  readonly what: string
  readonly bytes: number
}

const bytesPerNumber = 4

/**
 * What a run has in memory at the same time at the least: states and one batch, no intermediate result but the first
 * layer's. Worked out from the config alone, so that a run that cannot fit is refused before anything is made.
 */
export const footprint = (
  { dictionary, encoder, training: { batchSize } }: RunConfig,
  images: ImageSet
): ReadonlyArray<Share> => {
  const { featureSize } = encoder
  const { numParameters, representationSize } = sizesOf(encoder, images.channels)
  const numWeights = numParameters * copiesOf(dictionary)
  const pixels = images.height * images.width
  const stride = encoder.stem === "imagenet" ? 2 : 1
  const firstLayer = Math.ceil(images.height / stride) * Math.ceil(images.width / stride) * encoder.width
  const share = (path: string, what: string, numbers: number): Share => ({
    path,
    what,
    bytes: bytesPerNumber * numbers
  })
  return [
    share("encoder", `${copiesOf(dictionary)} times ${count(numParameters)} parameters`, numWeights),
    ...entriesOf(dictionary, images.numImages).map(({ path, rows, what }) =>
      share(path, `${what} of ${count(featureSize)} numbers`, rows * featureSize)
    ),
    share(
      "training.batchSize",
      `views and first layer of ${count(batchSize)} images`,
      batchSize * (2 * pixels * images.channels + firstLayer)
    ),
    share(
      "encoder",
      `representations of ${count(representationSize)} numbers of ${count(images.numImages)} images, to evaluate by`,
      images.numImages * representationSize
    )
  ]
}

/** Sets of parameters, or of their moments, that there are at once. */
const copiesOf = (dictionary: RunConfig["dictionary"]): number => {
  if (dictionary.kind === "queue") return 3
  return dictionary.kind === "endToEnd" && dictionary.weights === "separate" ? 4 : 2
}

/** Rows of features that a dictionary holds. The next state stands beside the old one until a step is committed. */
const entriesOf = (dictionary: RunConfig["dictionary"], numImages: number) => {
  switch (dictionary.kind) {
    case "queue":
      return [
        { path: "dictionary.size", what: `twice ${count(dictionary.size)} keys`, rows: 2 * dictionary.size }
      ]
    case "memoryBank":
      return [
        { path: "encoder.featureSize", what: `twice ${count(numImages)} entries`, rows: 2 * numImages },
        { path: "dictionary.size", what: `${count(dictionary.size)} negatives`, rows: dictionary.size }
      ]
    case "endToEnd":
      return []
  }
}

/** Sizes of a network, of its layout: nothing as large as the network is made. */
export const sizesOf = (
  encoder: ResNetConfig,
  channels: number
): { readonly numParameters: number; readonly representationSize: number } => {
  const layout = layoutOf(encoder, channels)
  // A convolution has no bias, and batch norm behind it a scale and an offset.
  const ofConvs = convsOf(layout).map(
    ({ inputs, kernel, outputs }) => kernel ** 2 * inputs * outputs + 2 * outputs
  )
  const ofHead = layout.head.map(({ inputs, outputs }) => inputs * outputs + outputs)
  const numParameters = [...ofConvs, ...ofHead].reduce((sum, size) => sum + size, 0)
  return { numParameters, representationSize: layout.representationSize }
}

const count = (value: number) => value.toLocaleString("en")

/** Bytes in words: `1.5 GiB`. */
export const gibibytes = (bytes: number): string =>
  `${(bytes / 2 ** 30).toLocaleString("en", { maximumSignificantDigits: 3 })} GiB`

/** What is wrong with a run that cannot fit into `memory` bytes, told of the setting that asks for the most. */
export const excessOf = (
  shares: ReadonlyArray<Share>,
  memory: number
): { readonly path: string; readonly problem: string; readonly hint: string } | undefined => {
  const total = shares.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total <= memory) return undefined
  const [largest] = shares.toSorted((a, b) => b.bytes - a.bytes)
  const { bytes, path, what } = largest!
  return {
    path,
    problem: `needs ${gibibytes(bytes)} (${what}), the whole run at least ${gibibytes(total)}, and this machine has ${gibibytes(memory)} of memory`,
    hint: path === "encoder" ? "lower its layers, width or featureSize" : "lower it"
  }
}
