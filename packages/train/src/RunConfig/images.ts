import * as Catalog from "@moco/data/Catalog"
import { fileImages, ownImages } from "@moco/data/DataSettings"
import { channelsOfFiles } from "@moco/data/Decode/options"
import type { ImageSize } from "@moco/data/ImageSource"
import type { ImageSet } from "./footprint.ts"
import type { RunConfig } from "./schema.ts"

type Images = Pick<RunConfig, "data">

/** What the catalog says of a config's images; nothing of a user's own, which are known when it runs. */
const known = ({ data: { evaluationSplit, name } }: Images) =>
  name === ownImages || name === fileImages
    ? undefined
    : { ...Catalog.entryOf(name), ...Catalog.numImagesOf({ evaluationSplit, name }) }

/** Images that a config trains on. */
export const numTraining = (config: Images): number | undefined => known(config)?.train

/** Images whose labels its evaluations are given: those that it trains on, or others. */
export const numBank = (config: Images): number | undefined => known(config)?.bank ?? numTraining(config)

/** The images' own size, where they have one that is known. */
export const ownSize = (config: Images): ImageSize | undefined => known(config)?.size

/** The images that a config trains on, as its encoder sees them; of images that are not known the least there can be. */
export const imagesOf = (config: Pick<RunConfig, "data" | "training">): ImageSet => ({
  numImages: numTraining(config) ?? config.training.batchSize,
  numBank: numBank(config) ?? config.training.batchSize,
  height: config.data.imageSize,
  width: config.data.imageSize,
  channels: known(config)?.channels ?? (config.data.name === fileImages ? channelsOfFiles : 1)
})

/** Whether a config's encoder sees the images of its data set in their own size. */
export const seesOwnSize = (config: Images): boolean => {
  const size = ownSize(config)
  const { imageSize } = config.data
  return size?.height === imageSize && size.width === imageSize
}

/** Whether a config's images are read from a folder, and do not come with the repository or with a program. */
export const readsDataDir = ({ data: { name } }: Images): boolean =>
  name !== ownImages && name !== fileImages && Catalog.isInstalled(name)
