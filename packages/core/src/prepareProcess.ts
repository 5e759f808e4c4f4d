import { enableCompileCache } from "node:module"
import { join } from "node:path"
import { makeCacheFolder, troubleOf } from "@moco/native/CacheFolder"
import { cacheDirOf } from "@moco/native/cacheDir"
import * as ProcessEnvironment from "./ProcessEnvironment.ts"

/**
 * Sets what {@link ProcessEnvironment} asks for. What is read before a process starts needs a new start: the process
 * replaces itself (same id, same terminal, so signals and nx do not notice), which takes about 40 ms. What Node compiles
 * is kept for the next start, where nobody else can write.
 */
export const prepareProcess = (): void => {
  const unset = ProcessEnvironment.unset(process.platform, process.env)
  for (const { name, value } of unset) process.env[name] = value
  // Without execve, as before Node 22.15, the run is slower, and right.
  if (!unset.some(({ beforeStart }) => beforeStart) || process.execve === undefined) {
    keepCompiled(cacheDirOf(process.platform, process.env))
    return
  }
  process.execve(
    process.execPath,
    [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    process.env
  )
}

/** What Node compiles is code, so it is kept only where nobody else can write; a start without is slower, and right. */
const keepCompiled = (cacheDir: string | undefined): void => {
  if (cacheDir === undefined) return
  try {
    if (troubleOf(cacheDir, (name) => name === "compiled") !== undefined) return
    const folder = join(cacheDir, "compiled")
    makeCacheFolder(folder)
    enableCompileCache(folder)
  } catch {
    // A folder that cannot be made or looked at.
  }
}
