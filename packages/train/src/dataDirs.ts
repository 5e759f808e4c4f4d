import * as Catalog from "@moco/data/Catalog"
import { cacheDirOf } from "@moco/native/cacheDir"
import type { RunConfig } from "./RunConfig.ts"

/** The folders that are searched for a data set: the user's own, or, where none was named, cache and system. */
export const dataDirsOf = (dataDir: string | undefined, name: Catalog.CatalogName) =>
  Catalog.searchDirs(name, { dataDir, cacheDir: cacheDirOf(process.platform, process.env) })

/** Whether a config's images are read from a folder, and do not come with the repository. */
export const readsDataDir = ({ data }: Pick<RunConfig, "data">): boolean => Catalog.isInstalled(data.name)
