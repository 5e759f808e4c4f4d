import { loadNativeLibrary, type NativeLibrary } from "@moco/native/NativeLibrary"
import { type EagerBackend, eagerBackend } from "../eager.ts"

/**
 * The project's own TensorFlow ops (packages/native/kernels): convolutions by Winograd's algorithm, batch normalisation
 * with what follows it, updates of all parameters at once, InfoNCE. They run on the CPU, where the processor has the
 * vector instructions they were compiled for; elsewhere TensorFlow's ops do the same, in more passes over memory.
 *
 * A library that is loaded stays in its process, so this is the process's state and not a run's.
 */
let loaded: NativeLibrary | undefined
let giveBack: (() => void) | undefined

/**
 * Loads them into this process, where they are built and the processor can run them.
 *
 * @param root  the folder that has their sources (default: the one that they are built of)
 * @throws where they cannot be loaded, or were built of other sources
 */
export const loadNativeOps = (root?: string): void => {
  loaded = undefined
  loaded = loadNativeLibrary(root)
  giveBack ??= loaded?.giveBackPages
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
