import { isAlive, startOf } from "@moco/train/ProcessIdentity"
import { Console, Effect, FileSystem, Option, Schema } from "effect"
import { fileTrouble } from "./files.ts"

const Owner = Schema.fromJsonString(Schema.Struct({ pid: Schema.Int, start: Schema.String }))

const pollMs = 200

/**
 * Holds the lock file at `path` until the Scope closes; waits while another process has it, and says so.
 *
 * A lock of a process that is gone is taken over. Should two waiters take over at the same instant, both work: each
 * in a folder of its own, and the results are put in place by rename, so that costs time and nothing else.
 */
export const hold = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const self = JSON.stringify({ pid: process.pid, start: yield* startOf(process.pid) })
  const tryCreate = Effect.match(fs.writeFileString(path, self, { flag: "wx" }), {
    onFailure: (error) => (error.reason._tag === "AlreadyExists" ? false : error),
    onSuccess: () => true
  })
  const acquire = Effect.gen(function* () {
    let hasSaidSo = false
    while (true) {
      const created = yield* tryCreate
      if (created === true) return
      if (created !== false) return yield* fileTrouble(Effect.fail(created))
      const owner = yield* ownerOf(path)
      if (owner === "gone") {
        yield* Effect.ignore(fs.remove(path))
        continue
      }
      if (!hasSaidSo && owner !== "unknown")
        yield* Console.log(`waiting for process ${owner.pid}, which sets up libtensorflow too`)
      hasSaidSo = true
      yield* Effect.sleep(pollMs)
    }
  })
  yield* Effect.acquireRelease(acquire, () => Effect.ignore(fs.remove(path)), { interruptible: true })
})

/** `unknown`: the file is being written, or went away. */
const ownerOf = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.orElseSucceed(fs.readFileString(path), () => "")
  const owner = yield* Effect.option(Schema.decodeUnknownEffect(Owner)(text))
  if (owner._tag === "None") return (yield* isOld(path, text)) ? "gone" : "unknown"
  return (yield* isAlive(owner.value.pid, owner.value.start)) ? owner.value : "gone"
})

/** A lock that still names no owner a moment later was left by a process that was killed while it wrote. */
const isOld = Effect.fnUntraced(function* (path: string, text: string) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.sleep(pollMs)
  return (yield* Effect.option(fs.readFileString(path))).pipe(Option.contains(text))
})
