import { homedir } from "node:os"
import * as FashionMnist from "@moco/data/Dataset/FashionMnist"
import { Effect, Option, Path } from "effect"

/** The folders that are searched for data sets: the user's `--data-dir` first, then the cache, then the system's. */
export const dataDirsOf = Effect.fnUntraced(function* (dataDir: Option.Option<string>) {
  const path = yield* Path.Path
  // Empty counts as unset, as in the set-up of libtensorflow.
  const { MOCO_CACHE_DIR = "", XDG_CACHE_HOME = "" } = process.env
  const caches = path.isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : path.join(homedir(), ".cache")
  const cacheDir = MOCO_CACHE_DIR === "" ? path.join(caches, "moco-effect") : path.resolve(MOCO_CACHE_DIR)
  return yield* FashionMnist.defaultSearchDirs({
    dataDir: Option.getOrUndefined(dataDir),
    cacheDir
  })
})
