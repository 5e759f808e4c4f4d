import { dirname } from "node:path"
import { Clock, Duration, Effect, FileSystem } from "effect"
import type { ProcessIdentity } from "../ProcessIdentity.ts"
import { isSeenFrom, self, stateOf } from "../ProcessIdentity.ts"
import { Heartbeat } from "./Heartbeat.ts"
import { type Found, find, inodeOf, isSame, isSameLock, type Owner } from "./lockFile.ts"

/** What is to be thought of a lock file: its owner lives, or is gone; or it is another one by now. */
type Verdict = "alive" | "gone" | "changed"

/**
 * Judges the lock file at `path` that was found there.
 *
 * A process of this machine (and of this PID namespace) is asked for by its id and start. Of any other, and of a lock that
 * cannot be read or understood, the heartbeat is watched, by this machine's own clock: that needs no right but to look at
 * the folder, and no clocks that agree.
 *
 * @param onWatch  told where the watching takes longer than a moment
 */
export const judge = Effect.fnUntraced(function* (
  path: string,
  found: Found,
  onWatch: (owner: string) => Effect.Effect<void>
) {
  const { owner } = found
  const here = yield* self
  if (owner !== undefined && isSeenFrom(owner, here)) {
    const state = yield* stateOf(owner.pid, owner.start)
    if (state === "dead") return "gone" satisfies Verdict
    const place = yield* placeOf(dirname(path), owner)
    if (place === "copy") return "gone" satisfies Verdict
    if (state === "alive" && place === "same") return "alive" satisfies Verdict
  }
  // Nothing is held meanwhile, and Ctrl-C is heard.
  return yield* Effect.interruptible(watch(path, found, onWatch(nameOf(owner, here))))
})

/** The owner in plain words, as far as it can be told from `here`. */
export const nameOf = (owner: Owner | undefined, here: ProcessIdentity): string => {
  if (owner === undefined) return "a process that cannot be told from here"
  const name = `process ${owner.pid}`
  if (isSeenFrom(owner, here)) return name
  return owner.host === here.host ? `${name} of another container` : `${name} on ${owner.host}`
}

/**
 * Whether the folder that holds the lock is the one that its owner works in, or a copy of it: then it has another inode,
 * and the owner's is still there. `unknown` where the owner's is gone: it may be this one, moved to another file system.
 */
const placeOf = Effect.fnUntraced(function* (folder: string, owner: Owner) {
  const fileSystem = yield* FileSystem.FileSystem
  const identityOf = (path: string) =>
    Effect.map(fileSystem.stat(path), (info) => ({ inode: inodeOf(info), device: info.dev }))
  const here = yield* Effect.option(identityOf(folder))
  if (here._tag === "None") return "unknown"
  if (String(here.value.inode) === owner.folder.inode) return "same"
  const there = yield* Effect.option(identityOf(owner.folder.path))
  if (there._tag === "None") return "unknown"
  const { device, inode } = there.value
  return device === here.value.device && inode === here.value.inode ? "same" : "copy"
})

const lookEvery = "250 millis"

/** Looks at a lock file until it has changed in any way, or has not for long enough. */
const watch = Effect.fnUntraced(function* (path: string, first: Found, tell: Effect.Effect<void>) {
  const missedFor = Duration.toNanos(Duration.fromInputUnsafe((yield* Heartbeat).missedFor))
  const limit = missedFor._tag === "Some" ? missedFor.value : 0n
  const start = yield* Clock.monotonicTimeNanos
  let isTold = false
  while ((yield* Clock.monotonicTimeNanos) - start < limit) {
    yield* Effect.sleep(lookEvery)
    const found = yield* find(path)
    if (found === undefined || !isSameLock(first, found)) return "changed" satisfies Verdict
    if (!isSame(first, found)) return "alive" satisfies Verdict
    // Not before the first look: a lock that is just being made has nothing in it yet.
    if (!isTold) yield* tell
    isTold = true
  }
  return "gone" satisfies Verdict
})
