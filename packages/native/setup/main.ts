import { join } from "node:path"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Effect, Layer } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { noCacheDir } from "../src/cacheDir.ts"
import { terminal } from "../src/hiddenCharacters.ts"
import { installedLibrary } from "../src/installed.ts"
import type { Plan } from "./Plan.ts"
import { CacheUnsafe, FlagUnknown, type SetUpError } from "./SetUpError.ts"
import { setUp } from "./setUp.ts"
import { packageDirOf, wantedBy } from "./Wanted.ts"
import { distributionFor, withGpuKernels } from "./Wheel.ts"

const usage = `npx nx run tools:libtensorflow -- [--cuda]
  --cuda            the library with GPU kernels and CUDA 12 (3.4 GB to download, Linux x64); so does MOCO_CUDA=1,
                    and MOCO_CUDA=0 goes back. Without either the installed one stays
  MOCO_CACHE_DIR    the folder of the cache
  CXX               the C++ compiler
  MOCO_NATIVE_OPS=0 leaves out the project's own ops (a step then takes 1.7 times as long)`

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
        cuda: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false }
      }
    }).values,
  catch: (error) =>
    new FlagUnknown({ problem: error instanceof Error ? error.message : String(error), hint: usage })
})

// Others may read what is installed into the checkout; nobody may write to what is run.
process.umask(process.umask() | 0o022)

const program = Effect.gen(function* () {
  const flags = yield* parseFlags
  if (flags.help) return yield* Console.log(usage)
  const { arch, platform } = process
  const { cacheDir, ...wanted } = wantedBy(process)
  if (cacheDir === undefined) return yield* new CacheUnsafe(noCacheDir)
  const cuda = withGpuKernels(flags.cuda || wanted.cuda, installedLibrary(wanted.installDir))
  const plan: Plan = {
    ...wanted,
    cacheDir,
    cuda,
    distribution: yield* distributionFor(
      { platform, arch, isGlibc: platform !== "linux" || isGlibc() },
      cuda
    ),
    napiIncludeDir: join(packageDirOf("node-api-headers"), "include"),
    python: "python3"
  }
  yield* setUp(plan)
})

const report = (cause: Cause.Cause<SetUpError>) => {
  if (Cause.hasInterruptsOnly(cause))
    return Console.error("libtensorflow: interrupted; what was begun is removed")
  const error = Cause.squash(cause)
  const isExpected = !Cause.hasDies(cause) && error instanceof Error
  // Other programs and the system have a say in it.
  return Console.error(terminal(isExpected ? `error: ${error.message}` : Cause.pretty(cause)))
}

program.pipe(
  Effect.tapCause(report),
  Effect.provide(Layer.provideMerge(TerminalCapabilities.layer, NodeServices.layer)),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
