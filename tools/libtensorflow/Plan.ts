import { createHash } from "node:crypto"
import { hashOfSources } from "@moco/core/internal/nativeSources"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Path } from "effect"
import { fileTrouble } from "./files.ts"
import { linkDirOf, type Wanted } from "./Wanted.ts"
import type { Distribution } from "./Wheel.ts"

/** Where things are taken from and put. Tests give a plan of their own. */
export interface Plan extends Wanted {
  readonly distribution: Distribution
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
  /** What is compiled: tfjs-node's binding, and the project's own ops. */
  readonly addons: ReadonlyArray<Addon>
  readonly lock: string
}

/** A library that Node loads, made of C++ sources. */
export interface Addon {
  /** What it is, to be read by people. */
  readonly name: string
  readonly flags: ReadonlyArray<string>
  readonly sources: ReadonlyArray<string>
  /** Everything that its name is a hash of, the folder itself included. */
  readonly inputs: ReadonlyArray<string>
  readonly includeDirs: ReadonlyArray<string>
  /** What it is linked to. */
  readonly libraries: ReadonlyArray<string>
  /** The compiled addon in the cache, named after its sources and flags. */
  readonly cached: string
  /** Where it is looked for when a program runs. */
  readonly linked: string
}

const sharedFlags = ["-std=c++17", "-shared", "-fPIC", "-DNAPI_VERSION=8"]

/**
 * IS_SLIM_BUILD: TensorFlow's header of kernels then asks for no header beyond its C interface. The ops are not linked to
 * the library but load it themselves (see their libtensorflow.h), so its functions are found when they are called first.
 */
const opsFlags = (library: string, sources: string) => [
  ...sharedFlags,
  ...["-O3", "-mavx2", "-mfma", "-pthread", "-DIS_SLIM_BUILD", "-Wl,-z,lazy"],
  `-DMOCO_LIBTENSORFLOW="${library}"`,
  `-DMOCO_OPS_SOURCES="${sources}"`
]

/** Works out the places; reads all sources, because an addon's name is their hash. */
export const placesOf = Effect.fnUntraced(function* (plan: Plan) {
  const path = yield* Path.Path
  const libraryDir = path.join(plan.cacheDir, plan.distribution.id)
  // By file name: the wheel's libraries carry a version and no plain link.
  const libraries = plan.distribution.libraries.map((name) => path.join(libraryDir, "tensorflow", name))
  const binding = yield* addonOf(plan, libraryDir, {
    name: "the binding",
    file: "tfjs_binding.node",
    dir: path.join(plan.packageDir, "binding"),
    flags: [...sharedFlags, "-O2"],
    libraries,
    includeDirs: [path.dirname(plan.packageDir), plan.packageDir],
    sourceNames: ["tfjs_backend.cc", "tfjs_binding.cc"]
  })
  const ops =
    plan.opsDir === undefined
      ? []
      : [
          yield* addonOf(plan, libraryDir, {
            name: "the fast ops",
            file: "moco_ops.node",
            dir: plan.opsDir,
            flags: opsFlags(libraries[0]!, hashOfSources(plan.opsDir)),
            libraries: [],
            includeDirs: [plan.opsDir]
          })
        ]
  const places: Places = {
    libraryDir,
    manifest: path.join(libraryDir, "manifest.json"),
    addons: [binding, ...ops],
    lock: path.join(plan.cacheDir, `${plan.distribution.id}.lock`)
  }
  return places
})

interface AddonSources {
  readonly name: string
  readonly file: string
  readonly dir: string
  readonly flags: ReadonlyArray<string>
  readonly includeDirs: ReadonlyArray<string>
  readonly libraries: ReadonlyArray<string>
  /** Which of the folder's files are compiled (default: every .cc). */
  readonly sourceNames?: ReadonlyArray<string>
}

const addonOf = Effect.fnUntraced(function* (
  plan: Plan,
  libraryDir: string,
  { dir, file, flags, includeDirs, libraries, name, sourceNames }: AddonSources
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const files = (yield* fileTrouble(fs.readDirectory(dir), "run: npm ci")).sort()
  const hash = createHash("sha256").update(
    [libraryDir, plan.distribution.tensorflow.sha256, file, ...flags].join("\n")
  )
  for (const part of files) {
    hash
      .update(part)
      .update(
        yield* fileTrouble(SafeFile.readBytes(path.join(dir, part), { maxBytes: 2 ** 24 }), "run: npm ci")
      )
  }
  const addon: Addon = {
    name,
    flags,
    sources: (sourceNames ?? files.filter((part) => part.endsWith(".cc"))).map((part) =>
      path.join(dir, part)
    ),
    inputs: [dir, ...files.map((part) => path.join(dir, part))],
    includeDirs: [plan.napiIncludeDir, ...includeDirs, path.join(libraryDir, "tensorflow", "include")],
    libraries,
    cached: path.join(plan.cacheDir, "bindings", `${hash.digest("hex").slice(0, 32)}.node`),
    linked: path.join(linkDirOf(plan), file)
  }
  return addon
})
