import { createHash } from "node:crypto"
import { readdirSync } from "node:fs"
import { dirname } from "node:path"
import { Effect, Path } from "effect"
import { filesBy, readBytes } from "./files.ts"
import type { Plan } from "./Plan.ts"

/** A library that Node loads, made of C++ sources. */
export interface Addon {
  /** What it is, to be read by people. */
  readonly name: string
  /** What the compiler is given to make it, but for the name of the output. */
  readonly compilerArguments: ReadonlyArray<string>
  /** Every file that its name is a hash of, and the folders that they lie in. */
  readonly inputs: ReadonlyArray<string>
  /** The compiled addon in the cache, named after its sources, the compiler and what that is given. */
  readonly cached: string
  /** Where it is looked for when a program runs. */
  readonly installed: string
}

/** What an addon is made of, and how. */
export interface Recipe extends Pick<Addon, "name"> {
  readonly flags: ReadonlyArray<string>
  readonly includeDirs: ReadonlyArray<string>
  /** What it is linked to. */
  readonly libraries: ReadonlyArray<string>
  /** The name that it is installed by. */
  readonly file: string
  readonly dir: string
  /** What its name is a hash of, by path from `dir`, and the folders that they lie in. */
  readonly files: ReadonlyArray<string>
  readonly folders: ReadonlyArray<string>
  /** Those of the files that are given to the compiler. */
  readonly compiled: ReadonlyArray<string>
}

/** What to do where a source is missing. */
export const reinstallHint = "run: npm ci"

/** A source has some hundred kilobytes. */
const maxSourceBytes = 2 ** 24

/**
 * Works out where an addon lies, by all that it is made of: what is in its sources and in the headers of N-API, the wheel
 * that has TensorFlow's, the compiler, and what that is given. The compiler counts by name, as it was asked for: which of
 * several is installed, and which version of it, is not looked at.
 */
export const addonOf = Effect.fnUntraced(function* (plan: Plan, libraryDir: string, recipe: Recipe) {
  const path = yield* Path.Path
  const { compiled, dir, file, files, folders, name } = recipe
  const inDir = (names: ReadonlyArray<string>) => names.map((part) => path.join(dir, part))
  const { napiIncludeDir } = plan
  const headers = (yield* filesBy(() => readdirSync(napiIncludeDir), reinstallHint))
    .filter((header) => header.endsWith(".h"))
    .toSorted()
  const compilerArguments = argumentsOf(path.join(libraryDir, "tensorflow"), {
    ...recipe,
    includeDirs: [napiIncludeDir, ...recipe.includeDirs, path.join(libraryDir, "tensorflow", "include")],
    compiled: inDir(compiled)
  })
  const hash = createHash("sha256")
  // The library's place as it is, wherever it lies: an addon looks for it there.
  hash.update(`${libraryDir}\n`)
  const made = [file, plan.distribution.tensorflow.sha256, ...plan.compilers, ...compilerArguments]
  hash.update(withoutPlaces(made.join("\n"), plan, dir))
  for (const [folder, part] of [
    ...headers.map((header) => [napiIncludeDir, header] as const),
    ...files.map((source) => [dir, source] as const)
  ]) {
    hash.update(part).update(yield* readBytes(path.join(folder, part), maxSourceBytes, reinstallHint))
  }
  const addon: Addon = {
    name,
    compilerArguments,
    inputs: [
      ...inDir([...folders, ...files]),
      napiIncludeDir,
      ...headers.map((header) => path.join(napiIncludeDir, header))
    ],
    cached: path.join(plan.cacheDir, "bindings", `${hash.digest("hex").slice(0, 32)}.node`),
    installed: path.join(plan.installDir, file)
  }
  return addon
})

/** What a compiler is given, but for the name of the output. */
const argumentsOf = (
  libraries: string,
  recipe: Pick<Recipe, "compiled" | "flags" | "includeDirs" | "libraries">
): ReadonlyArray<string> => [
  ...recipe.flags,
  ...recipe.includeDirs.map((dir) => `-I${dir}`),
  ...recipe.compiled,
  ...recipe.libraries,
  `-Wl,-rpath,${libraries}`,
  ...(process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [])
]

/**
 * With a word for each folder of a checkout: what is made of the same files in another checkout is the same.
 */
const withoutPlaces = (text: string, { bindingPackage, napiIncludeDir }: Plan, dir: string): string =>
  Object.entries({
    sources: dir,
    package: bindingPackage,
    packages: dirname(bindingPackage),
    headers: napiIncludeDir
  })
    // A folder before the one that it lies in.
    .toSorted(([, a], [, b]) => b.length - a.length)
    .reduce((rest, [word, folder]) => rest.replaceAll(folder, `<${word}>`), text)
