import { readlinkSync } from "node:fs"
import { hostname } from "node:os"
import { fieldsAfterName, procField } from "@moco/core/procStat"
import { isRunning } from "@moco/native/isRunning"
import { Effect, FileSystem, Schema } from "effect"

/** What tells a process from every other, on this machine and elsewhere, now and later. */
export const ProcessIdentity = Schema.Struct({
  pid: Schema.Int,
  /** When it started, as the kernel counts it: tells it from a later process with the same id. */
  start: Schema.String,
  host: Schema.String,
  /** Drawn by the kernel at every start of the machine; empty where there is none to be read. */
  boot: Schema.String,
  /** In which ids and times mean the same; empty where they cannot be trusted. */
  namespace: Schema.String
})
export type ProcessIdentity = typeof ProcessIdentity.Type

/** Of this process. */
export const self = Effect.gen(function* () {
  const own = yield* statOf("self")
  const boot = (yield* contentOf("/proc/sys/kernel/random/boot_id")).trim()
  // Where /proc is another namespace's, its numbers are not those of `process.pid`, and it says nothing about ours.
  const isOurs = own?.pid === process.pid
  const identity: ProcessIdentity = {
    pid: process.pid,
    start: own?.start ?? "",
    host: hostname(),
    boot,
    namespace: isOurs ? `${linkOf("/proc/self/ns/pid")} ${linkOf("/proc/self/ns/time")}` : ""
  }
  return identity
})

/** Whether ids and times of the one are those of the other: the same run of the same kernel, the same namespaces. */
export const isSeenFrom = (one: ProcessIdentity, other: ProcessIdentity): boolean =>
  one.boot !== "" && one.namespace !== "" && one.boot === other.boot && one.namespace === other.namespace

/**
 * Whether a process is running that is still the one that started at `start`; `unknown` where the system does not show it
 * (`hidepid`). A zombie has ended: it only waits for its parent to take note.
 *
 * **Gotchas** Only of a process whose ids are ours, see {@link isSeenFrom}.
 */
export const stateOf = Effect.fnUntraced(function* (pid: number, start: string) {
  const stat = yield* statOf(String(pid))
  if (stat !== undefined) return stat.start === start && !hasEnded.includes(stat.state) ? "alive" : "dead"
  return isRunning(pid) ? "unknown" : "dead"
})

/** Zombie, and dead. */
const hasEnded = ["Z", "X", "x"]

const statOf = Effect.fnUntraced(function* (process: string) {
  const stat = yield* contentOf(`/proc/${process}/stat`)
  if (stat === "") return undefined
  const fields = fieldsAfterName(stat)
  const [state = "", start = ""] = [fields[procField.state], fields[procField.start]]
  return { pid: Number.parseInt(stat, 10), state, start }
})

const contentOf = Effect.fnUntraced(function* (file: `/proc/${string}`) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* Effect.orElseSucceed(fileSystem.readFileString(file), () => "")
})

const linkOf = (file: `/proc/${string}`): string => {
  try {
    return readlinkSync(file)
  } catch {
    return "none"
  }
}
