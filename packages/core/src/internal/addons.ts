import { createHash } from "node:crypto"
import { accessSync, constants, existsSync } from "node:fs"
import Module, { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { cacheDirOf } from "../cacheDir.ts"

/** The file of tfjs-node's binding, by which a folder of addons is known to be set up. */
const binding = "tfjs_binding.node"

/** Where the package looks for its binding itself. */
const ownDirOf = (packageDir: string): string => join(packageDir, "lib", "napi-v8")

/**
 * Where the set-up puts what it has compiled for the package in `packageDir`: into the package, or, for a user who may not
 * write there because the checkout is somebody else's, into a folder of his own cache.
 */
export const addonsDirFor = (packageDir: string, cacheDir: string | undefined): string =>
  cacheDir === undefined || cacheDir === "" || mayWrite(packageDir)
    ? ownDirOf(packageDir)
    : join(cacheDir, "addons", createHash("sha256").update(packageDir).digest("hex").slice(0, 16), "napi-v8")

/** Where a process loads them from: where they were set up for this user, else where the package has them. */
export const addonsDir = (): string => {
  const packageDir = dirname(resolveFile())
  const dir = addonsDirFor(packageDir, cacheDirOf(process.platform, process.env))
  return existsSync(join(dir, binding)) ? dir : ownDirOf(packageDir)
}

/** Makes the package load its binding from {@link addonsDir}. */
export const redirectBinding = (): void => {
  const dir = addonsDir()
  if (dir !== ownDirOf(dirname(resolveFile()))) redirectBindingTo(dir)
}

/** The package asks `node-pre-gyp` for the place of its binding, and has no setting for it: so that is answered here. */
export const redirectBindingTo = (dir: string): void => {
  const require = createRequire(resolveFile())
  const asked = require.resolve("@mapbox/node-pre-gyp")
  const answer = new Module(asked)
  answer.exports = { find: () => join(dir, binding) }
  answer.loaded = true
  require.cache[asked] = answer
}

const resolveFile = (): string =>
  createRequire(import.meta.url).resolve("@tensorflow/tfjs-node-gpu/package.json")

const mayWrite = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
