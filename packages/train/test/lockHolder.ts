import { writeSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as FolderLock from "@moco/train/FolderLock"
import { Effect, FileSystem, Schedule } from "effect"

/**
 * A process that takes the lock `argv[2]`, says so, and holds it: for `argv[3]` milliseconds, or with `write` until it
 * cannot write to `<lock>.written` any more. `HEARTBEAT` is milliseconds of a beat and of a wait for one.
 */
const [lock = "", mode = ""] = process.argv.slice(2)
const [every = 200, missedFor = 2000] = (process.env["HEARTBEAT"] ?? "")
  .split(",")
  .filter(Boolean)
  .map(Number)
const say = (line: string) => Effect.sync(() => writeSync(1, `${line}\n`))

const writing = Effect.gen(function* () {
  const fileSystem = yield* FileSystem.FileSystem
  yield* Effect.repeat(
    fileSystem.writeFileString(`${lock}.written`, String(process.pid)),
    Schedule.spaced("20 millis")
  )
})

const program = Effect.gen(function* () {
  const held = yield* FolderLock.hold(lock, { onWatch: () => say("watching") })
  yield* say(`held ${process.pid}`)
  if (mode !== "write") return yield* Effect.sleep(Number(mode))
  const fileSystem = yield* FileSystem.FileSystem
  yield* Effect.provideService(writing, FileSystem.FileSystem, held.fence(fileSystem))
}).pipe(
  Effect.catch((error) => say(`${error._tag}: ${error.message}`)),
  Effect.scoped,
  Effect.provideService(FolderLock.Heartbeat, { every, missedFor }),
  Effect.provide(NodeServices.layer)
)
await Effect.runPromise(program)
