import { createHash } from "node:crypto"
import { accessSync, constants, existsSync } from "node:fs"
import Module, { createRequire } from "node:module"
import { join } from "node:path"
import { cacheDirOf } from "./cacheDir.ts"
import { packageDir } from "./sources.ts"

/** The file of tfjs-node's binding, by which a folder of addons is known to be set up. */
export const bindingFile = "tfjs_binding.node"

/** Where the owner of a checkout has what was compiled: with the sources, and out of git's sight. */
export const ownAddonsDir = (packageDir: string): string => join(packageDir, "build")

/**
 * Where the set-up puts what it has compiled: into this package, or, for a user who may not write there because the
 * checkout is somebody else's, into a folder of his own cache.
 *
 * @param packageDir  the folder of this package
 */
export const addonsDirFor = (packageDir: string, cacheDir: string | undefined): string =>
  cacheDir === undefined || mayWrite(packageDir)
    ? ownAddonsDir(packageDir)
    : join(cacheDir, "addons", createHash("sha256").update(packageDir).digest("hex").slice(0, 16))

/** Where a process loads them from: where they were set up for this user, else where the checkout's owner has them. */
export const addonsDir = (): string => {
  const dir = addonsDirFor(packageDir, cacheDirOf(process.platform, process.env))
  return existsSync(join(dir, bindingFile)) ? dir : ownAddonsDir(packageDir)
}

/** Makes tfjs-node load its binding from {@link addonsDir}, before it is loaded itself. */
export const redirectBinding = (): void => redirectBindingTo(addonsDir())

/**
 * tfjs-node asks `node-pre-gyp` for the place of its binding, which is its own folder, and has no setting for it: so that
 * is answered here.
 */
export const redirectBindingTo = (dir: string): void => {
  const require = createRequire(
    createRequire(import.meta.url).resolve("@tensorflow/tfjs-node-gpu/package.json")
  )
  const asked = require.resolve("@mapbox/node-pre-gyp")
  const answer = new Module(asked)
  answer.exports = { find: () => join(dir, bindingFile) }
  answer.loaded = true
  require.cache[asked] = answer
}

/** Whether this user may write to a folder. */
export const mayWrite = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
