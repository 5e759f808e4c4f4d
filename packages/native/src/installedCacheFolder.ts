import { join } from "node:path"
import { addonsDir } from "./AddonsFolder.ts"
import { readBytes } from "./PlainFile.ts"

/** Where the set-up writes down from which cache it has installed them: beside the addons. */
export const installedCacheFile = (addons: string): string => join(addons, "cache-folder")

/**
 * The folder of the cache whose libraries the installed binding loads, which need not be this process's; nothing where no
 * set-up has said.
 */
export const installedCacheFolder = (addons = addonsDir()): string | undefined => {
  try {
    return readBytes(installedCacheFile(addons), 4096).toString("utf8")
  } catch {
    return undefined
  }
}
