import { existsSync, lstatSync, mkdirSync, readdirSync, type Stats, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { shellQuoted } from "./shellQuoted.ts"

/**
 * The cache holds libraries and programs that are run as whoever starts us. So nobody else may have been able to write
 * there: plain functions, because they are asked before anything of it is loaded.
 */

/**
 * Makes the folder of the cache where there is none, and those above it, for its owner alone. One after the other: Node's own
 * way never ends where a folder that is there takes none, as below `/proc`.
 */
export const makeCacheFolder = (folder: string): void => {
  const above = dirname(folder)
  if (above !== folder && !existsSync(above)) makeCacheFolder(above)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (cause) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw cause
  }
}

/** Why nothing in a cache is to be run, and the command that mends it. */
export interface CacheTrouble {
  readonly problem: string
  readonly hint: string
}

/** Others may write: the group, or everybody. */
const writableByOthers = 0o022

/** Others may enter. */
const openToOthers = 0o077

/**
 * Looks at the folder of a cache and at what lies in it, as far as it is loaded or run; nothing is wrong with one that is
 * not there.
 *
 * Everything must be ours (or root's), and nobody else may write to it. A folder that nobody else can enter needs no look
 * inside.
 *
 * @param isLookedAt  by name, of what lies in the folder (default: all but data sets, and PyTorch, which no run loads)
 */
export const troubleOf = (
  folder: string,
  isLookedAt = (name: string) => name !== "data" && !name.startsWith("pytorch-")
): CacheTrouble | undefined => {
  const uid = process.geteuid?.()
  if (uid === undefined) return undefined
  let found: Found | undefined
  try {
    found = wrongWith(folder, uid) ?? wrongIn(folder, uid, isLookedAt)
  } catch (cause) {
    return {
      problem: `what lies in ${folder} cannot be looked at: ${cause instanceof Error ? cause.message : cause}`,
      hint: "let its owner open it to you, or set up with a cache of your own: MOCO_CACHE_DIR=DIR npx nx run tools:libtensorflow"
    }
  }
  if (found === undefined) return undefined
  const name = shellQuoted(folder)
  const mend = found.isForeign ? `chown -R ${uid} ${name}` : `chmod -R go-w ${name}`
  return {
    problem: found.problem,
    hint:
      `if nobody else has put anything there: ${mend}\n` +
      `  else remove it, and the set-up makes it anew: rm -r ${name}; or name another one with MOCO_CACHE_DIR`
  }
}

interface Found {
  readonly problem: string
  /** Whether it belongs to somebody else; else others may write to it. */
  readonly isForeign: boolean
}

/** What is wrong with a file or a folder itself. A link has every permission: what counts is who made it, and what it leads to. */
const wrongWith = (path: string, uid: number): Found | undefined => {
  const own = lstatSync(path, { throwIfNoEntry: false })
  const target = statSync(path, { throwIfNoEntry: false })
  if (own === undefined || target === undefined) return undefined
  return ofOwner(path, own, uid) ?? ofOwner(path, target, uid) ?? ofMode(path, target)
}

const ofOwner = (path: string, { uid: owner }: Stats, uid: number): Found | undefined =>
  owner === uid || owner === 0
    ? undefined
    : { problem: `${path} belongs to user ${owner}, and you are user ${uid}`, isForeign: true }

const ofMode = (path: string, { mode }: Stats): Found | undefined =>
  (mode & writableByOthers) === 0
    ? undefined
    : {
        problem: `others may write to ${path} (mode ${(mode & 0o7777).toString(8).padStart(4, "0")})`,
        isForeign: false
      }

/** What is wrong in a folder that others can enter. A link in it is not gone through: it may lead to any place. */
const wrongIn = (folder: string, uid: number, isLookedAt: (name: string) => boolean): Found | undefined => {
  const info = statSync(folder, { throwIfNoEntry: false })
  if (info === undefined || (info.mode & openToOthers) === 0) return undefined
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!isLookedAt(entry.name)) continue
    const path = join(folder, entry.name)
    const found = wrongWith(path, uid) ?? (entry.isDirectory() ? wrongIn(path, uid, () => true) : undefined)
    if (found !== undefined) return found
  }
  return undefined
}
