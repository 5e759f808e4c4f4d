import { homedir, userInfo } from "node:os"
import { isAbsolute, join, resolve } from "node:path"

/**
 * The folder of the project's cache: libtensorflow, compiled addons, data sets, what Node has compiled, the PyTorch that
 * is compared with. Absolute, because the binding finds its libraries by this path from wherever a process is started.
 *
 * @param platform  as in `process.platform`
 * @returns nothing where no absolute path is to be had: see {@link noCacheDir}
 */
export const cacheDirOf = (
  platform: string,
  environment: Readonly<Record<string, string | undefined>>
): string | undefined => {
  const { MOCO_CACHE_DIR = "", XDG_CACHE_HOME = "" } = environment
  if (MOCO_CACHE_DIR !== "") return resolve(MOCO_CACHE_DIR)
  // The XDG specification has a relative one ignored.
  if (isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "moco-effect")
  const home = [homeOf(homedir), homeOf(() => userInfo().homedir)].find(isAbsolute)
  if (home === undefined) return undefined
  return platform === "darwin"
    ? join(home, "Library", "Caches", "moco-effect")
    : join(home, ".cache", "moco-effect")
}

/** What to say where there is no place for the cache. */
export const noCacheDir = {
  problem: "there is no place for the cache: HOME is not an absolute path, and this user has no home folder",
  hint: "set HOME, or name a folder with MOCO_CACHE_DIR"
}

/** Of HOME first, which may be empty or relative; then of the system's list of users, which may not know this one. */
const homeOf = (ask: () => string): string => {
  try {
    return ask()
  } catch {
    return ""
  }
}
