import { homedir } from "node:os"
import * as FashionMnist from "@moco/data/Dataset/FashionMnist"
import { Effect, Option, Path } from "effect"

/** The folders that are searched for data sets: the user's `--data-dir` first, then the cache, then the system's. */
export const dataDirsOf = Effect.fnUntraced(function* (dataDir: Option.Option<string>) {
  const path = yield* Path.Path
  const { MOCO_CACHE_DIR, XDG_CACHE_HOME } = process.env
  const cacheDir =
    MOCO_CACHE_DIR ?? path.join(XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "moco-effect")
  return yield* FashionMnist.defaultSearchDirs({
    dataDir: Option.getOrUndefined(dataDir),
    cacheDir
  })
})
