import { createRequire } from "node:module"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Layer } from "effect"
import { TerminalCapabilities } from "effect/cli"
import type { Plan } from "./libtensorflow/Plan.ts"
import type { SetUpError } from "./libtensorflow/SetUpError.ts"
import { setUp } from "./libtensorflow/setUp.ts"
import { distributionFor } from "./libtensorflow/Wheel.ts"

/**
 * Sets up libtensorflow on first need: `npx nx run tools:libtensorflow`, and before every target that computes.
 * `--cuda` (or MOCO_CUDA=1) takes the library with GPU kernels, MOCO_CACHE_DIR another cache, CXX another compiler.
 */
const require = createRequire(import.meta.url)
const packageDirOf = (name: string) => dirname(require.resolve(`${name}/package.json`))

const isGlibc = (): boolean => {
  const { header } = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string }
  }
  return header?.glibcVersionRuntime !== undefined
}

const cacheDir = (): string => {
  const { MOCO_CACHE_DIR, XDG_CACHE_HOME } = process.env
  if (MOCO_CACHE_DIR !== undefined) return MOCO_CACHE_DIR
  if (XDG_CACHE_HOME !== undefined) return join(XDG_CACHE_HOME, "moco-effect")
  return process.platform === "darwin"
    ? join(homedir(), "Library", "Caches", "moco-effect")
    : join(homedir(), ".cache", "moco-effect")
}

const program = Effect.gen(function* () {
  const { values } = parseArgs({
    options: { cuda: { type: "boolean", default: process.env["MOCO_CUDA"] === "1" } }
  })
  const { arch, platform } = process
  const plan: Plan = {
    distribution: yield* distributionFor(
      { platform, arch, isGlibc: platform !== "linux" || isGlibc() },
      values.cuda
    ),
    cacheDir: cacheDir(),
    packageDir: packageDirOf("@tensorflow/tfjs-node-gpu"),
    napiIncludeDir: join(packageDirOf("node-api-headers"), "include"),
    compilers: process.env["CXX"] === undefined ? ["c++", "g++", "clang++"] : [process.env["CXX"]],
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
