import { batchNormGroupsOf } from "@moco/core/Encoder/kinds"
import { numTraining } from "./images.ts"
import type { RunConfig } from "./schema.ts"

/** Part of the images that an epoch may leave over before it is told; a batch less than a whole one is usual. */
const maxLeftOver = 0.05

/** Something that is allowed and probably not meant. */
export interface Warning {
  readonly path: string
  readonly message: string
}

/** What is unwise in a valid config. */
export const warnings = (config: RunConfig): ReadonlyArray<Warning> => {
  const found: Array<Warning> = []
  const warn = (path: string, message: string) => found.push({ path, message })
  const { backend, dictionary, encoder, keyShuffle, loss, training } = config
  const images = numTraining(config)
  const perStep = training.batchSize * (loss.symmetric ? 2 : 1)

  if (dictionary.kind !== "memoryBank" && keyShuffle.kind === "shuffle" && batchNormGroupsOf(encoder) === 1) {
    const message = "shuffling alone on one device with ordinary batch norm changes nothing"
    warn(
      "keyShuffle.kind",
      `${message}; set encoder.batchNormGroups to 2 or more, or keyShuffle.kind to plain`
    )
  }
  if (dictionary.kind === "queue" && images !== undefined && dictionary.size > images) {
    const message = `${dictionary.size} keys are more than the ${images} training images`
    warn("dictionary.size", `${message}: older keys of an image are negatives of its newer ones`)
  }
  if (dictionary.kind === "queue" && dictionary.size % perStep !== 0) {
    const message = `${dictionary.size} is no multiple of the ${perStep} keys that enter in a step`
    warn("dictionary.size", `${message}: a part of a batch is dropped before the rest`)
  }
  const leftOver = (images ?? 0) % training.batchSize
  if (images !== undefined && leftOver / images > maxLeftOver) {
    const part = `${leftOver} of ${images} images (${Math.round((100 * leftOver) / images)} %)`
    warn(
      "training.batchSize",
      `${part} are left over in every epoch, other ones each time: they do not fill a batch of ${training.batchSize}`
    )
  }
  if (backend.name === "cpu") {
    warn(
      "backend.name",
      "the cpu backend is about 500 times slower than tensorflow; it is meant for small tests"
    )
  }
  return found
}
