import { createHash } from "node:crypto"
import { Effect, Path } from "effect"
import { readBytes } from "./files.ts"
import type { Plan } from "./Plan.ts"

/** A library that Node loads, made of C++ sources. */
export interface Addon {
  /** What it is, to be read by people. */
  readonly name: string
  readonly flags: ReadonlyArray<string>
  readonly sources: ReadonlyArray<string>
  /** Everything that its name is a hash of, and the folders that it lies in. */
  readonly inputs: ReadonlyArray<string>
  readonly includeDirs: ReadonlyArray<string>
  /** What it is linked to. */
  readonly libraries: ReadonlyArray<string>
  /** The compiled addon in the cache, named after its sources and flags. */
  readonly cached: string
  /** Where it is looked for when a program runs. */
  readonly linked: string
}

/** What an addon is made of, and how. */
export interface Recipe extends Pick<Addon, "name" | "flags" | "includeDirs" | "libraries"> {
  /** The name that it is linked by. */
  readonly file: string
  readonly dir: string
  /** What its name is a hash of, by path from `dir`, and the folders that they lie in. */
  readonly files: ReadonlyArray<string>
  readonly folders: ReadonlyArray<string>
  /** Those of the files that are given to the compiler. */
  readonly compiled: ReadonlyArray<string>
}

/** What to do where a source is missing. */
export const installed = "run: npm ci"

/** A source has some hundred kilobytes. */
const maxSourceBytes = 2 ** 24

/** Works out where an addon lies, by what is in its sources. */
export const addonOf = Effect.fnUntraced(function* (plan: Plan, libraryDir: string, recipe: Recipe) {
  const path = yield* Path.Path
  const { compiled, dir, file, files, flags, folders, includeDirs, libraries, name } = recipe
  const inDir = (names: ReadonlyArray<string>) => names.map((part) => path.join(dir, part))
  const hash = createHash("sha256").update(
    [libraryDir, plan.distribution.tensorflow.sha256, file, ...flags].join("\n")
  )
  for (const part of files) {
    hash.update(part).update(yield* readBytes(path.join(dir, part), maxSourceBytes, installed))
  }
  const addon: Addon = {
    name,
    flags,
    sources: inDir(compiled),
    inputs: inDir([...folders, ...files]),
    includeDirs: [plan.napiIncludeDir, ...includeDirs, path.join(libraryDir, "tensorflow", "include")],
    libraries,
    cached: path.join(plan.cacheDir, "bindings", `${hash.digest("hex").slice(0, 32)}.node`),
    linked: path.join(plan.linkDir, file)
  }
  return addon
})
