import { memoryOf } from "@moco/core/Dictionary/kinds"
import { sizesOf } from "@moco/core/Encoder/kinds"
import { configured } from "@moco/evaluation/evaluationKinds"
import type { RunConfig } from "./schema.ts"

/** The images of a run. */
export interface ImageSet {
  /** That are trained on. */
  readonly numImages: number
  /** Whose labels evaluations are given; left out where these are the same. */
  readonly numBank?: number
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** What a run holds in memory because of a setting. */
interface Share {
  /** The setting that most of it comes from. */
  readonly path: string
  readonly what: string
  readonly bytes: number
}

const bytesPerNumber = 4

/**
 * What a run has in memory at the same time at the least: states and one batch, no intermediate result but the first
 * layer's, while it is trained or while an evaluation trains a copy of the encoder. What an evaluation only represents goes
 * through the encoder in blocks, which count for nothing beside these. Worked out from the config alone, so that a run that
 * cannot fit is refused before anything is made.
 */
export const footprint = (config: RunConfig, images: ImageSet): ReadonlyArray<Share> => {
  const { batchSize } = config.training
  const { featureSize, firstLayer, numParameters, representationSize } = sizesOf(
    config.encoder,
    images.channels
  )
  const { encoderCopies, rows } = memoryOf(config.dictionary, { ...images, batchSize, seed: config.seed })
  const { numBank = images.numImages } = images
  const pixels = images.height * images.width
  const trained = configured(config.evaluations).flatMap(({ name, trainsCopy }) =>
    trainsCopy === undefined ? [] : [{ name, trainsCopy }]
  )
  const share = (path: string, what: string, numbers: number): Share => ({
    path,
    what,
    bytes: bytesPerNumber * numbers
  })
  const batches = [
    share(
      "training.batchSize",
      `views and first layer of ${count(batchSize)} images`,
      batchSize * (2 * pixels * images.channels + firstLayer(images.height, images.width))
    ),
    ...trained.map(({ name, trainsCopy }) => {
      const numImages = Math.min(trainsCopy.batchSize, Math.ceil(trainsCopy.part * numBank))
      return share(
        `evaluations.${name}.batchSize`,
        `views and first layer of ${count(numImages)} images that a copy of the encoder is trained by`,
        numImages * (pixels * images.channels + firstLayer(images.height, images.width))
      )
    })
  ]
  return [
    share(
      "encoder",
      `${encoderCopies} times ${count(numParameters)} parameters`,
      numParameters * encoderCopies
    ),
    ...rows.map(({ count: numRows, setting, times, what }) =>
      share(
        setting,
        `${times === 1 ? "" : "twice "}${count(numRows)} ${what} of ${count(featureSize)} numbers`,
        times * numRows * featureSize
      )
    ),
    ...trained
      .slice(0, 1)
      .map(({ name }) =>
        share(
          "encoder",
          `a copy of ${count(numParameters)} parameters with moments and gradients, which evaluations.${name} trains`,
          3 * numParameters
        )
      ),
    // They are there one after the other.
    batches.reduce((a, b) => (b.bytes > a.bytes ? b : a)),
    share(
      "encoder",
      `representations of ${count(representationSize)} numbers of ${count(numBank)} images, to evaluate by`,
      numBank * representationSize
    )
  ]
}

const count = (value: number) => value.toLocaleString("en")

/** Bytes in words: `1.5 GiB`. */
const gibibytes = (bytes: number): string =>
  `${(bytes / 2 ** 30).toLocaleString("en", { maximumSignificantDigits: 3 })} GiB`

/** `a, b or c` */
const listed = (names: ReadonlyArray<string>): string =>
  [names.slice(0, -1).join(", "), ...names.slice(-1)].join(" or ")

/** What is wrong with a run that cannot fit into `memory` bytes, told of the setting that asks for the most. */
export const excessOf = (
  shares: ReadonlyArray<Share>,
  memory: number,
  { encoder }: Pick<RunConfig, "encoder">
): { readonly path: string; readonly problem: string; readonly hint: string } | undefined => {
  const total = shares.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total <= memory) return undefined
  const [largest] = shares.toSorted((a, b) => b.bytes - a.bytes)
  const { bytes, path, what } = largest!
  return {
    path,
    problem: `needs ${gibibytes(bytes)} (${what}), the whole run at least ${gibibytes(total)}, and this machine has ${gibibytes(memory)} of memory`,
    hint: path === "encoder" ? `lower its ${listed(sizesOf(encoder, 1).smaller)}` : "lower it"
  }
}
