import {
  closeSync,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readlinkSync,
  rmSync,
  type Stats,
  writeSync
} from "node:fs"
import { hostname } from "node:os"
import { Clock, Console, Data, Effect, Schedule, Schema } from "effect"
import { isRunning } from "../src/isRunning.ts"
import { readBytes } from "../src/PlainFile.ts"
import { filesBy } from "./files.ts"

/** Another process has the lock, as far as can be told. */
class Held extends Data.TaggedError("Held")<{ readonly owner: Owner | undefined }> {}

const pollEvery = "200 millis"
const beatEvery = "500 millis"

/** How long a lock may stand without a heartbeat until its owner is taken for gone. */
const missedForNanos = 10_000_000_000n

/** What a lock file says: a process, and the system in which its id means that. */
const Owner = Schema.Struct({ pid: Schema.Int, system: Schema.String })
type Owner = typeof Owner.Type

/**
 * Holds the lock file at `path` until the Scope closes; waits while another process has it, and says so.
 *
 * A lock is taken over at once where its owner is a process of this system that is gone, and after ten seconds where its
 * heart does not beat, whoever it is of. Two that take over within the same moment may both work; one of them may then fail,
 * and nothing is damaged: what is made is put in place as a whole.
 */
export const hold = Effect.fnUntraced(function* (path: string) {
  const removeIfGone = watching(path)
  let hasSaidSo = false
  const sayOnce = ({ owner }: Held) => {
    if (hasSaidSo) return Effect.void
    hasSaidSo = true
    const name = owner === undefined ? "a process" : `process ${owner.pid}`
    return Console.log(`waiting for ${name}, which sets up libtensorflow too`)
  }
  const file = yield* Effect.acquireRelease(create(path), (file) => Effect.sync(() => drop(path, file))).pipe(
    Effect.tapError((error) =>
      error._tag === "Held" ? Effect.andThen(removeIfGone, sayOnce(error)) : Effect.void
    ),
    Effect.retry({ while: ({ _tag }) => _tag === "Held", schedule: Schedule.spaced(pollEvery) }),
    Effect.catchTag("Held", Effect.die)
  )
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(beatEvery), beat(file))))
})

/** Makes the lock file and leaves it open. */
const create = Effect.fnUntraced(function* (path: string) {
  const file = yield* filesBy(() => openNew(path))
  if (file === undefined) return yield* new Held({ owner: ownerOf(path) })
  const owner: Owner = { pid: process.pid, system: system() }
  // On a full disk: the lock of nobody would be waited for.
  yield* filesBy(() => writeSync(file, JSON.stringify(owner))).pipe(
    Effect.tapError(() => Effect.sync(() => drop(path, file)))
  )
  return file
})

const openNew = (path: string): number | undefined => {
  try {
    return openSync(path, "wx", 0o644)
  } catch (cause) {
    if (isFound(cause)) return undefined
    throw cause
  }
}

const isFound = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && cause.code === "EEXIST"

/** A beat is a change of the file's time. */
const beat = (file: number) =>
  Effect.map(Clock.currentTimeMillis, (now) => futimesSync(file, now / 1000, now / 1000))

/** Removes the lock file, where the name is still that of the open one. */
const drop = (path: string, file: number): void => {
  if (stateOf(path)?.ino === fstatSync(file).ino) rmSync(path, { force: true })
  closeSync(file)
}

/** Removes a lock file whose owner is gone, once it has looked at it for long enough. */
const watching = (path: string): Effect.Effect<void> => {
  let seen: { readonly key: string; readonly since: bigint } | undefined
  return Effect.gen(function* () {
    const now = yield* Clock.monotonicTimeNanos
    const state = stateOf(path)
    if (state === undefined) return
    const key = `${state.ino} ${state.mtimeMs}`
    if (seen?.key !== key) seen = { key, since: now }
    const owner = ownerOf(path)
    const isGone = owner?.system === system() && !isRunning(owner.pid)
    const isSame = stateOf(path)?.ino === state.ino
    if (isSame && (isGone || now - seen.since > missedForNanos)) rmSync(path, { force: true })
  })
}

const stateOf = (path: string): Stats | undefined => lstatSync(path, { throwIfNoEntry: false })

/** Nothing where it says nothing that can be understood: it may be just being made. */
const ownerOf = (path: string): Owner | undefined => {
  try {
    return Schema.decodeUnknownSync(Schema.fromJsonString(Owner))(readBytes(path, 4096).toString("utf8"))
  } catch {
    return undefined
  }
}

/** In which ids of processes mean the same: this machine, and this container of it. */
const system = (): string => {
  try {
    return `${hostname()} ${readlinkSync("/proc/self/ns/pid")}`
  } catch {
    return hostname()
  }
}
