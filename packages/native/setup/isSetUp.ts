import { existsSync } from "node:fs"
import * as Stamp from "./Stamp.ts"
import { stampFileOf, type Wanted, wantedBy } from "./Wanted.ts"

/**
 * Whether there is nothing to set up. What another user, the checkout's owner, has set up in a cache that this one can read
 * is as good as a set-up of his own.
 */
export const isSetUp = (wanted: Wanted = wantedBy(process)): boolean => {
  if (Stamp.holds(stampFileOf(wanted), wanted)) return true
  const { installDir, ownersInstallDir } = wanted
  return (
    installDir !== ownersInstallDir &&
    !existsSync(installDir) &&
    Stamp.holds(stampFileOf({ installDir: ownersInstallDir }), wanted)
  )
}
