import { Backend } from "@moco/core/Backend"
import * as Tensor from "@moco/core/Tensor"
import { Augmentation, type AugmentationSettings } from "@moco/data/Augmentation"
import * as presets from "@moco/data/Augmentation/presets"
import { settingsFor } from "@moco/data/Augmentation/settings"
import * as Catalog from "@moco/data/Catalog"
import { Dataset } from "@moco/data/Dataset"
import type { ChannelStatistics } from "@moco/data/Dataset/statistics"
import type { Image, ImageSource, Images } from "@moco/data/ImageSource"
import type { GridRow } from "@moco/report/images/grid"
import type { RunConfig } from "@moco/train/RunConfig"
import { defaultRecipe, recipes } from "@moco/train/recipes"
import { Effect } from "effect"
import { spread } from "./images.ts"

/** What `--augment` says without a name. */
export const ofRecipe = "recipe"

const settingsByPreset = new Map<string, AugmentationSettings>(Object.entries(presets))

/** What `--augment` may say. */
export const augmentNames: ReadonlyArray<string> = [ofRecipe, ...settingsByPreset.keys()]

/** The settings that views are drawn by, whose they are, and the size that they are drawn in. */
export interface Views {
  readonly settings: AugmentationSettings
  readonly whose: string
  readonly seed: number
  /** Height and width, pixels. */
  readonly imageSize: number
}

/**
 * The views that `--augment=name` asks for, of images that a recipe is for.
 *
 * @param imageSize  where it is not the recipe's
 */
export const viewsOf = (
  name: string,
  { augmentation, data, recipe, seed }: RunConfig,
  imageSize: number = data.imageSize
): Views => {
  const preset = settingsByPreset.get(name)
  const whose = preset === undefined ? `as in the recipe ${recipe}` : `by the preset ${name}`
  return { settings: preset ?? augmentation, whose, seed, imageSize }
}

/** The recipe of a named data set: the first that is of these images, else of images with as many channels. */
export const recipeOf = (name: Catalog.CatalogName): RunConfig => {
  const all = Object.values(recipes).map((recipe) => recipe())
  const { channels, size } = Catalog.entryOf(name)
  const own = all.find(({ data }) => data.name === name)
  const near = own ?? (channels === 1 ? recipes[defaultRecipe]!() : recipes["cifar10"]!())
  return size === undefined ? near : { ...near, data: { ...near.data, imageSize: size.height } }
}

const numImages = 8
/** Pairs of views of an image, each of an epoch of its own. */
export const numPairs = 4

/** What stands above the columns of {@link viewRows}. */
export const viewHeadings: ReadonlyArray<string> = [
  "image",
  ...Array.from({ length: numPairs }, () => ["query", "key"]).flat()
]

/** The images that views are made of. */
interface Shown {
  readonly name: string
  readonly train: ImageSource
}

/**
 * Some images of a data set, and beside each what pairs of views a run would see of it: one pair an epoch, its query view and
 * its key view side by side. Drawn by tfjs's own kernels, so that nothing has to be set up.
 */
export const viewRows = Effect.fn("cli.viewRows")(function* (
  { name, train }: Shown,
  statistics: ChannelStatistics,
  { imageSize, seed, settings }: Views
) {
  const size = { height: imageSize, width: imageSize }
  const dataset = yield* Dataset.make({ name, train, imageSize: size, ...statistics })
  const { input, mean, std } = dataset
  const augmentation = yield* Augmentation.pipe(
    Effect.provide(Augmentation.layer(settingsFor(settings, train.channels))),
    Effect.provideService(Dataset, dataset)
  )
  const indices = Int32Array.from(spread(train.numImages, numImages))
  const images = yield* train.read(indices)
  const columns: Array<Images> = [images]
  for (let column = 0; column < 2 * numPairs; column++) {
    const keys = Array.from(indices, (index) => ({
      ...{ seed, index },
      ...{ epoch: Math.floor(column / 2), view: column % 2 }
    }))
    const values = yield* Tensor.run("data.show", () => augmentation.views(images, keys).dataSync())
    columns.push(imagesOf(values as Float32Array, input, { mean, std }))
  }
  return images.map((_, row): GridRow => {
    const label = train.labels === undefined ? "" : train.classes![train.labels[indices[row]!]!]!
    return { label, images: columns.map((column) => column[row]!) }
  })
}, Effect.provide(Backend.layerCpu))

/** Normalised values as pixels again. */
const imagesOf = (
  values_NHWC: Float32Array,
  { channels, height, width }: Dataset["Service"]["input"],
  { mean, std }: ChannelStatistics
): ReadonlyArray<Image> => {
  const size = height * width * channels
  return Array.from({ length: values_NHWC.length / size }, (_, row) => ({
    height,
    width,
    pixels_HWC: Uint8Array.from(values_NHWC.subarray(row * size, (row + 1) * size), (value, at) =>
      Math.round(255 * Math.min(1, Math.max(0, value * std[at % channels]! + mean[at % channels]!)))
    )
  }))
}
