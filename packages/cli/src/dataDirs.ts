import { cacheDirOf } from "@moco/core/cacheDir"
import * as FashionMnist from "@moco/data/Dataset/FashionMnist"
import { Effect, Option } from "effect"

/** The folders that are searched for data sets: the user's `--data-dir` first, then the cache, then the system's. */
export const dataDirsOf = Effect.fnUntraced(function* (dataDir: Option.Option<string>) {
  const cacheDir = cacheDirOf(process.platform, process.env)
  return yield* FashionMnist.defaultSearchDirs({
    dataDir: Option.getOrUndefined(dataDir),
    cacheDir
  })
})
