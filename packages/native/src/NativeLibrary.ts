import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { addonsDir } from "./AddonsFolder.ts"
import type { ImageFunctions } from "./ImageFunctions.ts"
import { bestSetHere, fileOfOps, type InstructionSet, instructionSets } from "./InstructionSets.ts"
import { hashOfSources, packageDir } from "./sources.ts"

/** The project's own TensorFlow ops, once they are loaded. */
export interface NativeLibrary {
  /** What the bits of its results depend on: the sources, the instruction set, the compiler. */
  readonly build: string
  /** Channels that its products of matrices take at once: two of the vectors that it was compiled for. */
  readonly columns: number
  /** Gives back the memory of libtensorflow's file that only loading needs. */
  readonly giveBackPages: () => void
  /** What it does with images. */
  readonly images: ImageFunctions
}

/** What the addon exports (binding/addon.cc). */
interface Addon extends Omit<NativeLibrary, "build" | "images">, ImageFunctions {
  /** Hash of what it was built of. */
  readonly sources: string
  readonly compiler: string
}

/**
 * Loads the ops into this process, where the set-up has built them and the processor can run them: of the builds there
 * are, the best one that it can. They bring libtensorflow with them, so this comes before tfjs-node does.
 *
 * A library that is loaded stays in its process. Where there is none (`MOCO_NATIVE_OPS=0`, another processor), TensorFlow's
 * ops do the same, in more passes over memory.
 *
 * @param root  the folder that has the sources
 * @param build  which one to load
 * @throws where they cannot be loaded, or were built of other sources than those under `root`
 */
export const loadNativeLibrary = (
  root = packageDir,
  build = () => bestBuildIn(addonsDir())
): NativeLibrary | undefined => {
  const found = process.env["MOCO_NATIVE_OPS"] === "0" ? undefined : build()
  if (found === undefined) return undefined
  const { file, set } = found
  const addon: Addon = createRequire(import.meta.url)(file)
  const { columns, compiler, giveBackPages, sources } = addon
  const expected = hashOfSources(root)
  if (sources !== expected) {
    throw new Error(`the ops were built of sources ${sources}, and here are ${expected}`)
  }
  loaded = { build: `${sources} ${set.name}, compiler ${compiler}`, columns, giveBackPages, images: addon }
  return loaded
}

let loaded: NativeLibrary | undefined

/**
 * The library, where it has been loaded into this process: for what gives the same bits without it, and would not load
 * half of TensorFlow for that alone.
 */
export const loadedLibrary = (): NativeLibrary | undefined => loaded

/** The ops as they are compiled for one set. */
interface Build {
  readonly set: InstructionSet
  readonly file: string
}

/**
 * The best of the builds in a folder that the processor can run. It is asked what it can only where there is one: not
 * every system tells.
 */
export const bestBuildIn = (
  folder: string,
  sets: ReadonlyArray<InstructionSet> = instructionSets,
  bestOf = bestSetHere
): Build | undefined => {
  const fileOf = (set: InstructionSet) => join(folder, fileOfOps(set))
  const built = sets.filter((set) => existsSync(fileOf(set)))
  const set = built.length === 0 ? undefined : bestOf(built)
  return set === undefined ? undefined : { set, file: fileOf(set) }
}
