import * as FashionMnist from "@moco/data/Dataset/FashionMnist"
import { cacheDirOf } from "@moco/native/cacheDir"
import type { RunConfig } from "./RunConfig.ts"

/** The folders that are searched for data sets: the user's own, or, where none was named, cache and system. */
export const dataDirsOf = (dataDir: string | undefined) =>
  FashionMnist.defaultSearchDirs({ dataDir, cacheDir: cacheDirOf(process.platform, process.env) })

/** Whether a config's images are read from a folder, and do not come with the repository. */
export const readsDataDir = ({ data }: Pick<RunConfig, "data">): boolean => data.name !== "fashion-mnist-10k"
