import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { nativeSourcesDir } from "@moco/core/internal/nativeSources"
import { Cause, Console, Effect, Layer } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { cacheDirOf } from "./cacheDir.ts"
import type { Plan } from "./libtensorflow/Plan.ts"
import { FlagUnknown, type SetUpError } from "./libtensorflow/SetUpError.ts"
import { setUp } from "./libtensorflow/setUp.ts"
import { distributionFor } from "./libtensorflow/Wheel.ts"

/**
 * Sets up libtensorflow on first need: `npx nx run tools:libtensorflow`, and before every target that computes.
 * `--cuda` (or MOCO_CUDA=1) takes the library with GPU kernels, MOCO_CACHE_DIR another cache, CXX another compiler.
 */
const require = createRequire(import.meta.url)
const packageDirOf = (name: string) => dirname(require.resolve(`${name}/package.json`))

const usage = `node tools/libtensorflow.ts [--cuda]
  --cuda            the library with GPU kernels and CUDA 12 (3.4 GB to download, Linux x64); so does MOCO_CUDA=1
  MOCO_CACHE_DIR    the folder of the cache
  CXX               the C++ compiler
  MOCO_NATIVE_OPS=0 leaves out the project's own ops (training then takes about twice as long)`

const isGlibc = (): boolean => {
  const { header } = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string }
  }
  return header?.glibcVersionRuntime !== undefined
}

const parseFlags = Effect.try({
  try: () =>
    parseArgs({
      options: {
        cuda: { type: "boolean", default: process.env["MOCO_CUDA"] === "1" },
        help: { type: "boolean", short: "h", default: false }
      }
    }).values,
  catch: (error) =>
    new FlagUnknown({ problem: error instanceof Error ? error.message : String(error), hint: usage })
})

const compilers = (): ReadonlyArray<string> => {
  const chosen = (process.env["CXX"] ?? "").trim()
  return chosen === "" ? ["c++", "g++", "clang++"] : [chosen]
}

const program = Effect.gen(function* () {
  const flags = yield* parseFlags
  if (flags.help) return yield* Console.log(usage)
  const { arch, platform } = process
  const hasOps = platform === "linux" && arch === "x64" && process.env["MOCO_NATIVE_OPS"] !== "0"
  const plan: Plan = {
    distribution: yield* distributionFor(
      { platform, arch, isGlibc: platform !== "linux" || isGlibc() },
      flags.cuda
    ),
    cacheDir: cacheDirOf(platform, process.env),
    packageDir: packageDirOf("@tensorflow/tfjs-node-gpu"),
    // Their vectors are those of x86 processors since about 2014; elsewhere TensorFlow's ops do the work.
    ...(hasOps ? { opsDir: nativeSourcesDir } : {}),
    napiIncludeDir: join(packageDirOf("node-api-headers"), "include"),
    compilers: compilers(),
    python: "python3"
  }
  yield* setUp(plan)
})

const report = (cause: Cause.Cause<SetUpError>) => {
  if (Cause.hasInterruptsOnly(cause))
    return Console.error("libtensorflow: interrupted; what was begun is removed")
  const error = Cause.squash(cause)
  const isExpected = !Cause.hasDies(cause) && error instanceof Error
  return Console.error(isExpected ? `error: ${error.message}` : Cause.pretty(cause))
}

program.pipe(
  Effect.tapCause(report),
  Effect.provide(Layer.provideMerge(TerminalCapabilities.layer, NodeServices.layer)),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
