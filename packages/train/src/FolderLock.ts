import * as SafeFile from "@moco/core/SafeFile"
import { Console, Duration, Effect, Exit, FileSystem, Option, Scope } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { FolderLocked, FolderLockFailed } from "./FolderLock/errors.ts"
import { fence } from "./FolderLock/fence.ts"
import { beat, Heartbeat } from "./FolderLock/Heartbeat.ts"
import { create, drop, type Found, failing, find, inodeOf, isSame, type Lock } from "./FolderLock/lockFile.ts"
import { judge, nameOf } from "./FolderLock/verdict.ts"
import { self } from "./ProcessIdentity.ts"

export { FolderLocked, FolderLockFailed, worksInThisFolder } from "./FolderLock/errors.ts"
export { Heartbeat } from "./FolderLock/Heartbeat.ts"

/** A lock that this process holds. */
export interface Held {
  /** Fails where the lock is no longer this process's. Costs one look at one file. */
  readonly check: Effect.Effect<void, PlatformError>
  /** A file system that changes nothing once the lock is no longer this process's. */
  readonly fence: (fileSystem: FileSystem.FileSystem) => FileSystem.FileSystem
}

/** How a lock is taken. */
export interface HoldOptions {
  /** Told before a wait of seconds for a sign of life (default: standard error). */
  readonly onWatch?: (message: string) => Effect.Effect<void>
}

/**
 * Holds the lock file at `path` until the Scope closes. A lock whose owner is gone is taken over.
 *
 * **Details** What is promised, and where. At most one process holds a lock, also where several take over a stale one at
 * the same instant: on every file system on which a file can be made exclusively and renamed, NFS (3 and later) included.
 * Whether an owner lives is decided at once for a process of this machine and PID namespace, of whatever user. For all
 * others (another machine on a shared file system, another container on the same volume, a lock that may not be read) its
 * heartbeat is watched: it is taken over after 20 seconds without one. An owner that was suspended for longer, or cut off
 * from the file system, may so be taken over while it lives: it notices before its next write through {@link Held.fence},
 * and stops. A file system that shows changes of other machines later than that (NFS mounted with `actimeo` above 15)
 * breaks the promise between machines.
 */
export const hold = (
  path: string,
  options: HoldOptions = {}
): Effect.Effect<Held, FolderLocked | FolderLockFailed, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const lock = yield* Effect.acquireRelease(acquire(path, options), (held) => release(path, held))
    yield* Effect.ignore(beat(path, lock.inode))
    const check = stillOurs(path, lock).pipe(Effect.provideService(FileSystem.FileSystem, fileSystem))
    const held: Held = { check, fence: (real) => fence(real, check) }
    return held
  })

/**
 * Who holds the lock file at `path`, in plain words; nothing where nobody does. Nothing is changed.
 *
 * An owner that cannot be seen from here is watched for a sign of life, for as long as {@link Heartbeat} says.
 */
export const holderOf = Effect.fn("FolderLock.holderOf")(function* (path: string) {
  const found = yield* find(path)
  if (found === undefined) return undefined
  const verdict = yield* judge(path, found, () => Effect.void)
  if (verdict === "gone") return undefined
  // It has changed hands meanwhile, or was let go.
  const now = verdict === "changed" ? yield* find(path) : found
  return now === undefined ? undefined : nameOf(now.owner, yield* self)
})

const acquire = Effect.fnUntraced(function* (path: string, options: HoldOptions) {
  for (;;) {
    const lock = (yield* create(path)) ?? (yield* takeOver(path, options))
    if (lock !== undefined) return lock
  }
})

/** Those who were killed while they took over are succeeded in their turn; more in a row are no accident. */
const maxSuccessions = 16

/**
 * Takes the lock over where its owner is gone; gives nothing where it has changed meanwhile.
 *
 * Who wants to succeed a lock makes a file that is named after it: that works for one alone. If the lock is still the same
 * then, nobody else can have succeeded it, nor can do so before this file gets the lock's name.
 */
const takeOver = Effect.fnUntraced(function* (path: string, { onWatch = Console.error }: HoldOptions) {
  const fileSystem = yield* FileSystem.FileSystem
  const missedFor = Duration.format(Duration.fromInputUnsafe((yield* Heartbeat).missedFor))
  const chain: Array<readonly [string, Found]> = []
  for (let at = path; chain.length < maxSuccessions; ) {
    const found = yield* find(at)
    if (found === undefined) return undefined
    const verdict = yield* judge(at, found, (owner) =>
      onWatch(
        `waiting for a sign of life of ${owner}, for ${missedFor} at most: ${at} is taken over without one`
      )
    )
    if (verdict === "changed") return undefined
    if (verdict === "alive") {
      return yield* new FolderLocked({ path: at, owner: nameOf(found.owner, yield* self) })
    }
    chain.push([at, found])
    const successor = `${path}.${found.owner?.id ?? `inode-${found.inode}`}`
    const lock = yield* create(successor)
    if (lock !== undefined) {
      const isStill = ([file, before]: readonly [string, Found]) =>
        Effect.map(find(file), (now) => isSame(before, now))
      const same = yield* Effect.orElseSucceed(Effect.forEach(chain, isStill), () => [false])
      if (!same.every(Boolean)) {
        yield* drop(successor, lock)
        return undefined
      }
      yield* fileSystem.rename(successor, path).pipe(
        Effect.tapError(() => drop(successor, lock)),
        failing(path)
      )
      for (const [file] of chain.slice(1)) yield* Effect.ignore(fileSystem.remove(file))
      return lock
    }
    at = successor
  }
  const reason = `${maxSuccessions} processes were killed while they took it over`
  return yield* new FolderLockFailed({ path, reason, hint: `remove ${path} and the files ${path}.*` })
})

/**
 * Removes the lock where it is still ours. As who takes over does, we make the file that is named after it first: so
 * nobody is in the midst of taking it over, and it is not another's lock that is removed.
 */
const release = Effect.fnUntraced(function* (path: string, lock: Lock) {
  const marker = `${path}.${lock.id}`
  const made = yield* Effect.exit(create(marker))
  // On a full disk no marker can be made, and the lock must go all the same.
  if (Exit.isFailure(made) || made.value !== undefined) yield* drop(path, lock)
  else yield* Scope.close(lock.scope, Exit.void)
  if (Exit.isSuccess(made) && made.value !== undefined) yield* drop(marker, made.value)
})

const stillOurs = Effect.fnUntraced(function* (path: string, { inode }: Lock) {
  const info = yield* SafeFile.lstat(path)
  if (Option.isNone(info)) {
    const reason = "the folder, or the lock in it, was removed or moved"
    return yield* SafeFile.refuse("check", path, reason, "put it back and go on with --resume, or start anew")
  }
  if (inodeOf(info.value) !== inode) {
    const reason = "another process has taken the folder over, for this one gave no sign of life"
    const hint = "nothing of the other is touched; wait until it has ended, then go on with --resume"
    return yield* SafeFile.refuse("check", path, reason, hint)
  }
})
