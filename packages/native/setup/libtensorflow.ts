import { troubleOf } from "../src/CacheFolder.ts"
import { isSetUp } from "./isSetUp.ts"
import { wantedBy } from "./Wanted.ts"

/**
 * Sets up libtensorflow on first need: `npx nx run tools:libtensorflow`, and before every target that computes.
 * `--cuda` (or MOCO_CUDA=1) takes the library with GPU kernels, MOCO_CACHE_DIR another cache, CXX another compiler.
 */
const wanted = wantedBy(process)
const isAsked = process.argv.length > 2

// Before every run, so it loads the set-up itself only where there may be something to do.
const isUsable = wanted.cacheDir !== undefined && troubleOf(wanted.cacheDir) === undefined
if (isAsked || !isUsable || !isSetUp(wanted)) await import("./main.ts")
