import { existsSync } from "node:fs"
import { troubleOf } from "../src/CacheFolder.ts"
import { installedCacheFolder } from "../src/installed.ts"
import * as Stamp from "./Stamp.ts"
import { stampFileOf, type Wanted, wantedBy } from "./Wanted.ts"

/**
 * Whether there is nothing to set up. What the checkout's owner has set up is as good for a guest as a set-up of his own,
 * where he may run what is in the owner's cache.
 *
 * @param isUsable  whether what is in a cache may be run by this user
 */
export const isSetUp = (
  wanted: Wanted = wantedBy(process),
  isUsable = (cacheDir: string | undefined) => cacheDir !== undefined && troubleOf(cacheDir) === undefined
): boolean => {
  const { cacheDir, installDir, isOwner, ownersInstallDir } = wanted
  if (isUsable(cacheDir) && Stamp.holds(stampFileOf(wanted), wanted)) return true
  const hasOwn = installDir !== ownersInstallDir && existsSync(installDir)
  if (isOwner || hasOwn) return false
  return (
    Stamp.holds(stampFileOf({ installDir: ownersInstallDir }), wanted, "owner") &&
    isUsable(installedCacheFolder(ownersInstallDir))
  )
}
