import { Worker } from "node:worker_threads"
import { Context, Duration, Effect } from "effect"
import { ThreadFailed } from "../internal/ThreadFailed.ts"

/** How often the owner of a lock gives a sign of life, and how long one that cannot be seen otherwise may give none. */
export const Heartbeat = Context.Reference<{
  readonly every: Duration.Input
  readonly missedFor: Duration.Input
}>("@moco/train/FolderLock/Heartbeat", {
  defaultValue: () => ({ every: "2 seconds", missedFor: "20 seconds" })
})

/** Sets the time of the file's last change, by the open file: another that got the name meanwhile is left alone. */
const program = `
const fs = require("node:fs")
const { workerData } = require("node:worker_threads")
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
const file = fs.openSync(workerData.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
if (fs.fstatSync(file, { bigint: true }).ino === workerData.inode) {
  // A beat is a change of the time. Counted on from the file's own, so that no clock which is set back can hide one.
  let time = fs.fstatSync(file).mtimeMs / 1000
  setInterval(() => {
    time += workerData.everyMs / 1000
    try { fs.futimesSync(file, time, time) } catch {}
  }, workerData.everyMs)
}`

/**
 * Lets the heart of the lock file at `path` beat until the Scope closes.
 *
 * On a thread of its own: a training step is one long call and may take a minute, in which no timer of this thread fires.
 * Where no thread can be had, the run goes on without: it is then seen alive from its own machine alone.
 */
export const beat = Effect.fnUntraced(function* (path: string, inode: bigint) {
  const everyMs = Duration.toMillis((yield* Heartbeat).every)
  yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        const worker = new Worker(program, { eval: true, workerData: { path, inode, everyMs } })
        worker.on("error", () => {})
        // No reason for the process to stay.
        worker.unref()
        return worker
      },
      catch: (cause) => new ThreadFailed({ cause })
    }),
    (worker) => Effect.promise(() => worker.terminate())
  )
})
