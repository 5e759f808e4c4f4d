import { join } from "node:path"
import { addonsDir } from "./AddonsFolder.ts"
import { readBytes } from "./PlainFile.ts"

/** Where the set-up writes down from which cache it has linked: beside the addons. */
export const linkedCacheFile = (addons: string): string => join(addons, "cache-folder")

/**
 * The folder of the cache whose libraries the linked binding loads, which need not be this process's; nothing where no
 * set-up has said.
 */
export const linkedCacheFolder = (addons = addonsDir()): string | undefined => {
  try {
    return readBytes(linkedCacheFile(addons), 4096).toString("utf8")
  } catch {
    return undefined
  }
}
