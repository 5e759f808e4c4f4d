import { Effect, Layer, Path } from "effect"
import type { CatalogEntry, EvaluationSplit, SplitSizes } from "./Catalog/CatalogEntry.ts"
import { cifar10 } from "./Catalog/cifar10.ts"
import { cifar100 } from "./Catalog/cifar100.ts"
import { fashionMnist } from "./Catalog/fashionMnist.ts"
import { fashionMnist10k } from "./Catalog/fashionMnist10k.ts"
import { kmnist } from "./Catalog/kmnist.ts"
import { mnist } from "./Catalog/mnist.ts"
import { stl10 } from "./Catalog/stl10.ts"
import { stl10Unlabelled } from "./Catalog/stl10Unlabelled.ts"
import type { DataSettings } from "./DataSettings.ts"
import { Dataset } from "./Dataset.ts"

export { type CatalogEntry, type EvaluationSplit, evaluationSplits } from "./Catalog/CatalogEntry.ts"

/** The data sets that a config can name, each in a file of its own. */
const entries = [
  fashionMnist10k,
  fashionMnist,
  mnist,
  kmnist,
  cifar10,
  cifar100,
  stl10,
  stl10Unlabelled
] as const satisfies ReadonlyArray<CatalogEntry>

/** The name of a data set of the catalog. */
export type CatalogName = (typeof entries)[number]["name"]

/** The names, in the order of the list. */
export const names: ReadonlyArray<CatalogName> = entries.map(({ name }) => name)

const byName = new Map<string, CatalogEntry>(entries.map((entry) => [entry.name, entry]))

/** What is known of a data set without reading it. */
export const entryOf = (name: CatalogName): CatalogEntry => byName.get(name)!

/** What a config says of its images, where they are the catalog's. */
export interface Choice extends Omit<DataSettings, "name"> {
  readonly name: CatalogName
}

/** Images of a choice: what is trained on, and what the encoder is evaluated on. */
export const numImagesOf = ({ evaluationSplit, name }: Omit<Choice, "imageSize">): SplitSizes =>
  entryOf(name).numImages[evaluationSplit]

/** Whether the images are looked for in folders, and do not come with this package. */
export const isInstalled = (name: CatalogName): boolean => entryOf(name).place.kind === "installed"

/** The folders that a user names, or that are there anyway. */
export interface DataPlaces {
  readonly dataDir?: string | undefined
  readonly cacheDir?: string | undefined
}

/**
 * The folders in which a data set's files are looked for, in order: the one that the user has named (itself, or its
 * folder of the set's name) and no other, else the cache's `data` and the system's; images that come with this package
 * are only there.
 */
export const searchDirs = Effect.fnUntraced(function* (name: CatalogName, { cacheDir, dataDir }: DataPlaces) {
  const path = yield* Path.Path
  const { place } = entryOf(name)
  if (place.kind === "embedded") return [path.join(import.meta.dirname, "..", "assets", place.folder)]
  // Who names a folder means that one, and not another where the files happen to be.
  if (dataDir !== undefined) return [dataDir, path.join(dataDir, place.folder)]
  return [...(cacheDir === undefined ? [] : [path.join(cacheDir, "data", place.folder)]), ...place.systemDirs]
})

/** Says for each file of a data set which path would be read. It is not checked here whether its bytes are right. */
export const find = (name: CatalogName, dirs: ReadonlyArray<string>) => entryOf(name).find(dirs)

/** What to do where a data set's files are missing. */
export const installHint = (name: CatalogName): string => {
  const { fix, kind } = entryOf(name).place
  return `${kind === "embedded" ? "restore" : "install"} it with: ${fix.join("\n  ")}`
}

/**
 * The images of a data set; what is read by index is open until the Scope ends.
 *
 * @param dirs  where its files are looked for, see {@link searchDirs}; images that come with this package need none
 */
export const sourcesOf = Effect.fnUntraced(function* (
  name: CatalogName,
  split: EvaluationSplit,
  dirs: ReadonlyArray<string>
) {
  const found = isInstalled(name) ? dirs : yield* searchDirs(name, {})
  return yield* entryOf(name).sources(split, {
    dataset: name,
    searchDirs: found,
    installHint: installHint(name)
  })
})

/** The data set of a choice, seen in the size that it asks for; `dirs` as in {@link sourcesOf}. */
export const layer = ({ evaluationSplit, imageSize, name }: Choice, dirs: ReadonlyArray<string>) =>
  Layer.effect(
    Dataset,
    Effect.gen(function* () {
      const { statistics, ...sources } = yield* sourcesOf(name, evaluationSplit, dirs)
      const size = { height: imageSize, width: imageSize }
      return yield* Dataset.make({ name, ...sources, ...statistics, imageSize: size })
    })
  )
