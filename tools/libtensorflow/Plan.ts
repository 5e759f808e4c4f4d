import { createHash } from "node:crypto"
import { Effect, FileSystem, Path } from "effect"
import { fileTrouble } from "./files.ts"
import type { Distribution } from "./Wheel.ts"

/** Where things are taken from and put. Tests give a plan of their own. */
export interface Plan {
  readonly distribution: Distribution
  /** The per-user cache; everything is made here first. */
  readonly cacheDir: string
  /** The tfjs-node package: its `binding` is compiled, into its `lib` the result is linked. */
  readonly packageDir: string
  /** Folder of the N-API headers. */
  readonly napiIncludeDir: string
  /** Candidates, the first that is installed is used. */
  readonly compilers: ReadonlyArray<string>
  readonly python: string
}

/** The places a plan leads to. */
export interface Places {
  /** Holds `tensorflow/` (libraries and headers), with CUDA also `nvidia/`, and the manifest. */
  readonly libraryDir: string
  readonly manifest: string
  /** The compiled binding in the cache, named after everything that it was made of. */
  readonly cachedBinding: string
  /** Where tfjs-node looks for it. */
  readonly linkedBinding: string
  readonly lock: string
}

/** Flags of the compiler; part of the binding's identity. */
export const compilerFlags = ["-O2", "-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8"]

const bindingSources = ["tfjs_backend.cc", "tfjs_binding.cc"]

/** The sources to compile. */
export const sourcesOf = (plan: Plan, path: Path.Path): ReadonlyArray<string> =>
  bindingSources.map((name) => path.join(plan.packageDir, "binding", name))

/** Works out the places; reads the binding's sources, because its name is their hash. */
export const placesOf = Effect.fnUntraced(function* (plan: Plan) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { distribution } = plan
  const libraryDir = path.join(plan.cacheDir, distribution.id)
  const hash = createHash("sha256").update(
    [libraryDir, distribution.tensorflow.sha256, ...compilerFlags].join("\n")
  )
  const bindingDir = path.join(plan.packageDir, "binding")
  for (const name of (yield* fileTrouble(fs.readDirectory(bindingDir), "run: npm ci")).sort()) {
    hash.update(name).update(yield* fileTrouble(fs.readFile(path.join(bindingDir, name)), "run: npm ci"))
  }
  const places: Places = {
    libraryDir,
    manifest: path.join(libraryDir, "manifest.json"),
    cachedBinding: path.join(plan.cacheDir, "bindings", `${hash.digest("hex").slice(0, 32)}.node`),
    linkedBinding: path.join(plan.packageDir, "lib", "napi-v8", "tfjs_binding.node"),
    lock: path.join(plan.cacheDir, `${distribution.id}.lock`)
  }
  return places
})
