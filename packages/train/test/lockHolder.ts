import { writeSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as FolderLock from "@moco/train/FolderLock"
import { Effect, FileSystem, Schedule } from "effect"

/**
 * A process that takes the lock `argv[2]`, says so, and holds it: for `argv[3]` milliseconds, or with `write` until it
 * has written to `<lock>.written` twice, the second time once there is a file `<lock>.again`. `HEARTBEAT` is milliseconds
 * of a beat and of a wait for one.
 */
const [lock = "", mode = ""] = process.argv.slice(2)
const [every = 200, missedFor = 2000] = (process.env["HEARTBEAT"] ?? "")
  .split(",")
  .filter(Boolean)
  .map(Number)
const say = (line: string) => Effect.sync(() => writeSync(1, `${line}\n`))

const write = Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
  fileSystem.writeFileString(`${lock}.written`, String(process.pid))
)

const isAsked = Effect.flatMap(FileSystem.FileSystem, (fileSystem) => fileSystem.exists(`${lock}.again`))

const program = Effect.gen(function* () {
  const held = yield* FolderLock.hold(lock, { onWatch: () => say("watching") })
  yield* say(`held ${process.pid}`)
  if (mode !== "write") return yield* Effect.sleep(Number(mode))
  const fileSystem = yield* FileSystem.FileSystem
  const fenced = Effect.provideService(write, FileSystem.FileSystem, held.fence(fileSystem))
  yield* fenced
  // Between the two it can be suspended, and is in no call: what is under way then is done when it wakes up.
  yield* Effect.repeat(isAsked, { until: (asked) => asked, schedule: Schedule.spaced("20 millis") })
  yield* fenced
}).pipe(
  Effect.catch((error) => say(`${error._tag}: ${error.message}`)),
  Effect.scoped,
  Effect.provideService(FolderLock.Heartbeat, { every, missedFor }),
  Effect.provide(NodeServices.layer)
)
await Effect.runPromise(program)
