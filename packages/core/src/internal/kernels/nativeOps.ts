import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { addonsDir } from "../addons.ts"
import { type EagerBackend, eagerBackend } from "../eager.ts"
import { hashOfSources, nativeSourcesDir } from "../nativeSources.ts"

/**
 * The project's own TensorFlow ops (packages/core/native): convolutions by Winograd's algorithm, batch normalisation
 * with what follows it, updates of all parameters at once, InfoNCE. They run on the CPU, where the processor has the
 * vector instructions they were compiled for; elsewhere TensorFlow's ops do the same, in more passes over memory.
 *
 * A library that is loaded stays in its process, so this is the process's state and not a run's.
 */
let loaded: { readonly build: string; readonly columns: number } | undefined
let giveBack: (() => void) | undefined

/** What the library says and does beside its ops. */
interface NativeLibrary {
  /** Hash of what it was built of. */
  readonly sources: string
  /** The compiler it was built by: bits may depend on it. */
  readonly compiler: string
  /** Channels that the products of matrices take at once: two of the vectors that it was compiled for. */
  readonly columns: number
  /** Gives back the memory of libtensorflow's file that only loading needs. */
  readonly giveBackPages: () => void
}

/**
 * Loads them into this process, where the set-up has built them and the processor can run them. They bring
 * libtensorflow with them, so this comes before tfjs-node does.
 *
 * @throws where they cannot be loaded, or were built of other sources than those beside this file
 */
export const loadNativeOps = (sourcesDir = nativeSourcesDir): void => {
  const file = fileOfNativeOps()
  loaded = undefined
  if (process.env["MOCO_NATIVE_OPS"] === "0" || !existsSync(file) || !hasVectors()) return
  const library: NativeLibrary = createRequire(import.meta.url)(file)
  const expected = hashOfSources(sourcesDir)
  if (library.sources !== expected) {
    throw new Error(`the ops were built of sources ${library.sources}, and here are ${expected}`)
  }
  const build = `${library.sources}, compiler ${library.compiler}`
  loaded = { build, columns: library.columns }
  giveBack ??= library.giveBackPages
}

/** Once in a process: later, the pages are those that a run works with. */
export const giveBackPagesOnce = (): void => {
  giveBack?.()
  giveBack = () => {}
}

/** Which build is in use, or `undefined` where there is none. */
export const buildOfNativeOps = (): string | undefined =>
  nativeOps() === undefined ? undefined : loaded?.build

/** The backend, where it has the project's own ops. */
export const nativeOps = (): EagerBackend | undefined => {
  const backend = loaded === undefined ? undefined : eagerBackend()
  return backend?.isUsingGpuDevice === false ? backend : undefined
}

/** Computes as where there are none: what they are tested against, and what they are compared with. */
export const withoutNativeOps = <A>(compute: () => A): A => {
  const before = loaded
  loaded = undefined
  try {
    return compute()
  } finally {
    loaded = before
  }
}

/** Whether as many channels fill the vectors of the ops that are loaded. */
export const fillVectors = (...channels: ReadonlyArray<number>): boolean => {
  const columns = loaded?.columns
  return columns !== undefined && channels.every((count) => count % columns === 0)
}

/** Beside the binding, where the set-up puts them. */
const fileOfNativeOps = (): string => join(addonsDir(), "moco_ops.node")

/** AVX2 and FMA: every x86 processor since about 2014. A folder may be shared with an older machine. */
const hasVectors = (): boolean => {
  if (process.platform !== "linux" || process.arch !== "x64") return false
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" ") ?? []
  return flags.includes("avx2") && flags.includes("fma")
}
