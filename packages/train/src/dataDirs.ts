import * as Catalog from "@moco/data/Catalog"
import { fileImages, ownImages } from "@moco/data/DataSettings"
import { cacheDirOf } from "@moco/native/cacheDir"
import { Effect } from "effect"
import type { RunConfig } from "./RunConfig.ts"

/** Where decoded images are kept while a run lasts; nowhere where there is no place for the cache. */
export const scratchDir = () => cacheDirOf(process.platform, process.env)

/** The folders that are searched for a data set: the user's own, or, where none was named, cache and system. */
export const dataDirsOf = (dataDir: string | undefined, name: RunConfig["data"]["name"]) =>
  name === ownImages || name === fileImages
    ? Effect.succeed([])
    : Catalog.searchDirs(name, { dataDir, cacheDir: cacheDirOf(process.platform, process.env) })
