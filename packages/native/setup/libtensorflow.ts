import { isSetUp } from "./isSetUp.ts"

/**
 * Sets up libtensorflow on first need: `npx nx run tools:libtensorflow`, and before every target that computes.
 * `--cuda` (or MOCO_CUDA=1) takes the library with GPU kernels, and MOCO_CUDA=0 the other one again; MOCO_CACHE_DIR names
 * another cache, CXX another compiler.
 */
const hasFlags = process.argv.length > 2

// Before every run, so it loads the set-up itself only where there may be something to do.
if (hasFlags || !isSetUp()) await import("./main.ts")
