import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import type { Plan } from "../../setup/Plan.ts"
import { setUp } from "../../setup/setUp.ts"
import type { OwnOps } from "../../setup/Wanted.ts"
import type { InstructionSet } from "../../src/InstructionSets.ts"

/**
 * The real set-up on small things: a wheel with two tiny shared libraries, found by pip in a folder, and a binding of
 * two lines. Nothing touches the user's cache or the repository's binding, and no network is needed.
 */
const root = mkdtempSync(join(tmpdir(), "set-up-"))

const write = (file: string, text: string, mode = 0o644) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}

/** Builds a wheel by the name's rules; `files` are names in the archive and their paths on disk. */
const wheel = (name: string, files: Readonly<Record<string, string>>): string => {
  const file = join(root, "wheels", `${name}-1.0-cp311-cp311-manylinux_2_27_x86_64.whl`)
  mkdirSync(dirname(file), { recursive: true })
  const metadata = write(
    join(root, `${name}.METADATA`),
    `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`
  )
  const tags = write(
    join(root, `${name}.WHEEL`),
    "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-manylinux_2_27_x86_64\n"
  )
  const info = `${name}-1.0.dist-info`
  const entries = {
    ...files,
    [`${info}/METADATA`]: metadata,
    [`${info}/WHEEL`]: tags,
    [`${info}/RECORD`]: metadata
  }
  const script =
    "import json, sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w')\n[z.write(p, n) for n, p in json.loads(sys.argv[2]).items()]"
  execFileSync("python3", ["-c", script, file, JSON.stringify(entries)])
  return createHash("sha256").update(readFileSync(file)).digest("hex")
}

const library = (name: string): string => {
  const source = write(join(root, `${name}.cc`), `extern "C" int ${name}() { return 1; }\n`)
  const output = join(root, `${name}.so`)
  // By its own name, as the wheel's: whoever is linked to it finds it by that, where he is told to look.
  execFileSync("c++", ["-shared", "-fPIC", `-Wl,-soname,lib${name}.so.2`, source, "-o", output])
  return output
}

const one = library("one")
const header = write(join(root, "c_api.h"), 'extern "C" int one();\n')
const complete = wheel("moco_fake", {
  "tensorflow/libone.so.2": one,
  "tensorflow/libtwo.so.2": library("two"),
  "tensorflow/include/tensorflow/c/c_api.h": header,
  "tensorflow/python/unwanted.py": header
})
const incomplete = wheel("moco_partial", { "tensorflow/libone.so.2": one })

// Where pip looks: the folder of wheels and nowhere else.
Object.assign(process.env, { PIP_NO_INDEX: "1", PIP_FIND_LINKS: join(root, "wheels") })

let count = 0

/** A package as tfjs-node ships: binding sources, nothing compiled. */
export const freshPackage = (
  source = '#include "tensorflow/c/c_api.h"\nint call() { return one(); }\n'
): string => {
  const dir = join(root, `package-${++count}`)
  write(join(dir, "binding", "tfjs_backend.cc"), source)
  write(join(dir, "binding", "tfjs_binding.cc"), "int binding() { return 2; }\n")
  return dir
}

/** A folder of headers, in which there is one. */
export const freshHeaders = (text: string): string =>
  dirname(write(join(root, `headers-${++count}`, "node_api.h"), text))

/** A folder of ops: a family with one source, a header that it includes, and the addon's entry. */
export const freshOps = (source: string, sets: ReadonlyArray<InstructionSet> = [anySet]): OwnOps => {
  const dir = join(root, `ops-${++count}`)
  write(join(dir, "binding", "addon.cc"), "int entry() { return 4; }\n")
  write(join(dir, "kernels", "shared", "shared.h"), '#include "tensorflow/c/c_api.h"\n')
  write(join(dir, "kernels", "family", "op.cc"), `#include "kernels/shared/shared.h"\n${source}\n`)
  return { dir, sets }
}

/** Of every processor. */
export const anySet: InstructionSet = { name: "any", compilerFlags: [], needs: [] }

const napiHeaders = freshHeaders("#define NAPI_OLD 1\n")

/** A plan with a cache and a package of its own. */
export const freshPlan = (change: Partial<Plan> = {}): Plan => ({
  system: "linux x64",
  cuda: false,
  distribution: distribution("moco-fake", complete),
  cacheDir: join(root, `cache-${++count}`),
  bindingPackage: freshPackage(),
  ...freshInstallDir(),
  napiIncludeDir: napiHeaders,
  compilers: ["c++"],
  python: "python3",
  ...change
})

/** A checkout in which nothing is installed. */
export const freshInstallDir = () => {
  const dir = join(root, `build-${++count}`)
  return { installDir: dir, ownersInstallDir: dir, isOwner: true }
}

/** The set-up of a plan, as the program does it. */
export const run = (plan: Plan) => Effect.provide(setUp(plan), NodeServices.layer)

export const distribution = (name: string, sha256: string): Plan["distribution"] => ({
  id: `${name}-1.0`,
  tensorflow: { name, version: "1.0", sha256 },
  companions: [],
  platforms: ["manylinux_2_27_x86_64"],
  pythonVersion: "3.11",
  libraries: ["libone.so.2", "libtwo.so.2"],
  downloadMb: 1,
  neededMb: 1
})

/** A wheel that lacks one of the libraries. */
export const incompleteDistribution = distribution("moco-partial", incomplete)

/** A program of the test's own, in place of Python. */
export const script = (body: string): string =>
  write(join(root, `script-${++count}`), `#!/bin/sh\n${body}\n`, 0o755)

/** Why the set-up of a plan does not end well. */
export const failure = (plan: Plan) => Effect.flip(run(plan))

/** Where a plan has the binding at the end. */
export const installed = (plan: Plan) => join(plan.installDir, "tfjs_binding.node")

/** What only a set-up that has not ended has in its cache. */
export const leftovers = (plan: Plan) =>
  readdirSync(plan.cacheDir).filter((name) => name.startsWith(".staging") || name.endsWith(".lock"))
