import { join } from "node:path"
import { addonsDir } from "./AddonsFolder.ts"
import { readBytes } from "./PlainFile.ts"

/** What the set-up writes down beside the addons: from which cache they are, and for which library. */
export const installedFiles = (addons: string) => ({
  cacheFolder: join(addons, "cache-folder"),
  library: join(addons, "library")
})

/**
 * The folder of the cache whose libraries the installed binding loads, which need not be this process's; nothing where no
 * set-up has said.
 */
export const installedCacheFolder = (addons = addonsDir()): string | undefined =>
  textOf(installedFiles(addons).cacheFolder)

/** The library that the installed binding was made for, by the name of its folder in the cache; nothing as above. */
export const installedLibrary = (addons = addonsDir()): string | undefined =>
  textOf(installedFiles(addons).library)

const textOf = (file: string): string | undefined => {
  try {
    return readBytes(file, 4096).toString("utf8")
  } catch {
    return undefined
  }
}
