import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { readBytes } from "../SafeFile/plain.ts"

/** Where the set-up writes down from which cache it has linked, in the folder of tfjs-node's package. */
export const linkedCacheFile = (packageDir: string): string =>
  join(packageDir, "lib", "napi-v8", "cache-folder")

/**
 * The folder of the cache whose libraries the linked binding loads, which need not be this process's; nothing where no
 * set-up has said.
 */
export const linkedCacheFolder = (packageDir = packageDirOf()): string | undefined => {
  try {
    return readBytes(linkedCacheFile(packageDir), 4096).toString("utf8")
  } catch {
    return undefined
  }
}

const packageDirOf = (): string =>
  dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-node-gpu/package.json"))
