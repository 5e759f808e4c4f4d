import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Stamp from "../libtensorflow/Stamp.ts"
import {
  isSameButCache,
  keyOf,
  linkDirOf,
  stampFileOf,
  type Wanted,
  wantedBy
} from "../libtensorflow/Wanted.ts"

/**
 * Whether a command line computes and libtensorflow is not set up for it. What another user, the checkout's owner, has set
 * up in a cache that this one can read is as good as a set-up of his own.
 */
export const needsLibrary = (args: ReadonlyArray<string>, wanted: Wanted = wantedBy(process)): boolean =>
  computes(args) && !isSetUp(wanted)

const isSetUp = (wanted: Wanted): boolean => {
  const key = keyOf(wanted)
  if (Stamp.holds(stampFileOf(wanted), key)) return true
  const { linkDir: _, ...ofOwner } = wanted
  return (
    linkDirOf(wanted) !== linkDirOf(ofOwner) &&
    !existsSync(linkDirOf(wanted)) &&
    Stamp.holds(stampFileOf(ofOwner), key, isSameButCache)
  )
}

interface Targets {
  readonly [command: string]: { readonly dependsOn?: ReadonlyArray<{ readonly target: string }> }
}

/** The commands of which nx sets it up before. */
const computes = (args: ReadonlyArray<string>): boolean => {
  if (args.includes("--help") || args.includes("-h")) return false
  const command = args.find((arg) => !arg.startsWith("-"))
  const manifest = join(import.meta.dirname, "..", "..", "packages", "cli", "package.json")
  const { nx } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly nx: { readonly targets: Targets } }
  const target = command !== undefined && Object.hasOwn(nx.targets, command) ? nx.targets[command] : undefined
  return target?.dependsOn?.some(({ target }) => target === "libtensorflow") ?? false
}
