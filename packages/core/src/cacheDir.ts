import { homedir } from "node:os"
import { isAbsolute, join, resolve } from "node:path"

/**
 * The folder of the project's cache: libtensorflow, compiled addons, data sets, what Node has compiled, the PyTorch that
 * is compared with. Absolute, because the binding finds its libraries by this path from wherever a process is started.
 *
 * @param platform  as in `process.platform`
 */
export const cacheDirOf = (
  platform: string,
  environment: Readonly<Record<string, string | undefined>>
): string => {
  const { MOCO_CACHE_DIR = "", XDG_CACHE_HOME = "" } = environment
  if (MOCO_CACHE_DIR !== "") return resolve(MOCO_CACHE_DIR)
  // The XDG specification has a relative one ignored.
  if (isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "moco-effect")
  return platform === "darwin"
    ? join(homedir(), "Library", "Caches", "moco-effect")
    : join(homedir(), ".cache", "moco-effect")
}
