import { type Dirent, lstatSync, mkdirSync, readdirSync, type Stats, statSync } from "node:fs"
import { join } from "node:path"

/**
 * The cache holds libraries and programs that are run as whoever starts us. So nobody else may have been able to write
 * there: plain functions, because they are asked before anything of it is loaded.
 */

/** Makes the folder of the cache where there is none, for its owner alone. */
export const makeCacheFolder = (folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
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
  const top = statSync(folder, { throwIfNoEntry: false })
  if (uid === undefined || top === undefined) return undefined
  const problem = problemOf(folder, top, uid) ?? inside(folder, top, uid, isLookedAt)
  if (problem === undefined) return undefined
  const name = quoted(folder)
  return {
    problem,
    hint:
      `if nobody else has put anything there: chmod -R go-w ${name} && chown -R ${uid} ${name}\n` +
      `  else remove it, and the set-up makes it anew: rm -r ${name}; or name another one with MOCO_CACHE_DIR`
  }
}

const problemOf = (path: string, { mode, uid: owner }: Stats, uid: number): string | undefined => {
  if (owner !== uid && owner !== 0) return `${path} belongs to user ${owner}, and you are user ${uid}`
  if ((mode & writableByOthers) !== 0) {
    return `others may write to ${path} (mode ${(mode & 0o7777).toString(8).padStart(4, "0")})`
  }
  return undefined
}

const inside = (
  folder: string,
  { mode }: Stats,
  uid: number,
  isLookedAt: (name: string) => boolean
): string | undefined => {
  if ((mode & openToOthers) === 0) return undefined
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!isLookedAt(entry.name)) continue
    const path = join(folder, entry.name)
    const problem = problemAt(path, entry, uid)
    if (problem !== undefined) return problem
  }
  return undefined
}

const problemAt = (path: string, entry: Dirent, uid: number): string | undefined => {
  // A link has every permission; what counts is who made it, and what it leads to.
  const own = lstatSync(path, { throwIfNoEntry: false })
  const info = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : own
  if (own === undefined || info === undefined) return undefined
  if (own.uid !== uid && own.uid !== 0) return problemOf(path, own, uid)
  return problemOf(path, info, uid) ?? (entry.isDirectory() ? inside(path, info, uid, () => true) : undefined)
}

const quoted = (path: string): string => `'${path.replaceAll("'", "'\\''")}'`
