import * as os from "node:os"
import { Effect, FileSystem } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** The processor, as far as it decides the speed of a run. */
export interface Cpu {
  readonly model: string
  readonly cores: number
  /** Of the instruction sets that libtensorflow makes use of, those that the processor has. */
  readonly features: ReadonlyArray<string>
}

/** Names on Linux; macOS has its own for the same. */
const notable = [
  "avx",
  "avx2",
  "fma",
  "avx512f",
  "avx512bw",
  "avx512dq",
  "avx512vl",
  "avx512_vnni",
  "avx512_bf16",
  "amx_bf16",
  "asimd",
  "bf16",
  "sve"
]

/** Words of which a processor's features are told, from `/proc/cpuinfo` or from `sysctl`. */
const featuresIn = (text: string): ReadonlyArray<string> => {
  const words = new Set(
    text
      .toLowerCase()
      .replaceAll("hw.optional.arm.feat_", "")
      .split(/[\s:]+/)
  )
  return notable.filter((feature) => words.has(feature))
}

const flagLine = /^(?:flags|Features)\s*:.*$/m

/** Looks at the processor; what cannot be found out is left empty. */
export const cpu = Effect.gen(function* () {
  const processors = os.cpus()
  const text = process.platform === "darwin" ? yield* sysctl : yield* cpuinfo
  const info: Cpu = {
    model: processors[0]?.model ?? "unknown",
    cores: os.availableParallelism(),
    features: featuresIn(text)
  }
  return info
})

const cpuinfo = Effect.gen(function* () {
  const fileSystem = yield* FileSystem.FileSystem
  const text = yield* Effect.orElseSucceed(fileSystem.readFileString("/proc/cpuinfo"), () => "")
  return flagLine.exec(text)?.[0] ?? ""
})

const sysctl = Effect.gen(function* () {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const names = ["machdep.cpu.features", "machdep.cpu.leaf7_features", "hw.optional.arm.FEAT_BF16"]
  return yield* Effect.orElseSucceed(spawner.string(ChildProcess.make("sysctl", names)), () => "")
})
