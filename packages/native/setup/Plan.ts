import { readdirSync } from "node:fs"
import { Effect, Path } from "effect"
import { bindingFile } from "../src/AddonsFolder.ts"
import { fileOfOps } from "../src/InstructionSets.ts"
import { hashOfSources, sourcesIn } from "../src/sources.ts"
import { type Addon, addonOf, reinstallHint } from "./Addon.ts"
import { filesBy } from "./files.ts"
import type { OwnOps, Wanted } from "./Wanted.ts"
import type { Distribution } from "./Wheel.ts"

/** Where things are taken from and put. Tests give a plan of their own. */
export interface Plan extends Wanted {
  readonly cacheDir: string
  readonly cuda: boolean
  readonly distribution: Distribution
  /** Folder of the N-API headers. */
  readonly napiIncludeDir: string
  readonly python: string
}

/** The places a plan leads to. */
export interface Places {
  /** Holds `tensorflow/` (libraries and headers), with CUDA also `nvidia/`, and the manifest. */
  readonly libraryDir: string
  readonly manifest: string
  /** What is compiled: tfjs-node's binding, and the project's own ops, once for every instruction set. */
  readonly addons: ReadonlyArray<Addon>
  readonly lock: string
}

const sharedFlags = ["-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8"]

/**
 * IS_SLIM_BUILD: TensorFlow's header of kernels then asks for no header beyond its C interface. The ops are not linked to
 * the library but load it themselves (binding/libtensorflow.h), so its functions are found when they are called first.
 */
const opsFlags = (library: string, sources: string) => [
  ...sharedFlags,
  ...["-O3", "-pthread", "-DIS_SLIM_BUILD", "-Wl,-z,lazy"],
  `-DMOCO_LIBTENSORFLOW="${library}"`,
  `-DMOCO_OPS_SOURCES="${sources}"`
]

/** Works out the places; reads all sources, because an addon's name is their hash. */
export const placesOf = Effect.fnUntraced(function* (plan: Plan) {
  const path = yield* Path.Path
  const libraryDir = path.join(plan.cacheDir, plan.distribution.id)
  // By file name: the wheel's libraries carry a version and no plain link.
  const libraries = plan.distribution.libraries.map((name) => path.join(libraryDir, "tensorflow", name))
  const binding = yield* bindingOf(plan, libraryDir, libraries)
  const ops = plan.ops === undefined ? [] : yield* opsOf(plan, plan.ops, libraryDir, libraries[0]!)
  const places: Places = {
    libraryDir,
    manifest: path.join(libraryDir, "manifest.json"),
    addons: [binding, ...ops],
    lock: path.join(plan.cacheDir, `${plan.distribution.id}.lock`)
  }
  return places
})

const bindingOf = Effect.fnUntraced(function* (
  plan: Plan,
  libraryDir: string,
  libraries: ReadonlyArray<string>
) {
  const path = yield* Path.Path
  const dir = path.join(plan.bindingPackage, "binding")
  const files = (yield* filesBy(() => readdirSync(dir), reinstallHint)).toSorted()
  return yield* addonOf(plan, libraryDir, {
    name: "the binding",
    file: bindingFile,
    flags: [...sharedFlags, "-O2"],
    dir,
    files,
    folders: [""],
    compiled: ["tfjs_backend.cc", "tfjs_binding.cc"],
    includeDirs: [path.dirname(plan.bindingPackage), plan.bindingPackage],
    libraries
  })
})

/** The project's own ops, compiled for every instruction set. */
const opsOf = Effect.fnUntraced(function* (
  plan: Plan,
  { dir, sets }: OwnOps,
  libraryDir: string,
  library: string
) {
  const { files, folders } = yield* filesBy(() => sourcesIn(dir), reinstallHint)
  const hash = yield* filesBy(() => hashOfSources(dir), reinstallHint)
  return yield* Effect.forEach(sets, (set) =>
    addonOf(plan, libraryDir, {
      name: `the fast ops (${set.name})`,
      file: fileOfOps(set),
      flags: [...opsFlags(library, hash), ...set.compilerFlags],
      dir,
      files,
      folders,
      compiled: files.filter((file) => file.endsWith(".cc")),
      includeDirs: [dir],
      libraries: []
    })
  )
})
