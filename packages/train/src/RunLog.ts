import { Clock, Context, Effect, FileSystem, Layer, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble } from "./internal/fileTrouble.ts"
import { type RunEvent, RunRecord } from "./RunLog/RunEvent.ts"

export type { NeighbourAccuracy, RunEvent, RunRecord, Subject } from "./RunLog/RunEvent.ts"

/** The log cannot be written or read; `reason` and `hint` are in plain words. */
export class RunLogError extends Schema.TaggedError<RunLogError>()("RunLogError", {
  operation: Schema.Literals(["written", "read"]),
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `the run log ${this.path} cannot be ${this.operation}: ${this.reason}\n  ${this.hint}`
  }
}

/** A whole line of the log is not an event; `line` counts from 1. A torn last line is no such error. */
export class RunLogCorrupt extends Schema.TaggedError<RunLogCorrupt>()("RunLogCorrupt", {
  path: Schema.String,
  line: Schema.Int,
  problem: Schema.String
}) {
  override get message() {
    return `${this.path}, line ${this.line}: ${this.problem}\n  remove the line, or take a fresh copy of the file`
  }
}

/** Where a run tells what happens in it. */
export class RunLog extends Context.Service<
  RunLog,
  {
    /** Records an event with the current time. Events stay in the order in which they were recorded. */
    readonly record: (event: RunEvent) => Effect.Effect<void, RunLogError>
  }
>()("@moco/train/RunLog") {
  /**
   * One JSON object a line, appended to the file at `path`. A line is handed to the system as a whole, so that a
   * killed process loses at most the line it was writing; such a torn line is removed when the file is opened again.
   */
  static readonly layerJsonLines = (path: string) =>
    Layer.effect(
      RunLog,
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const writable = Effect.mapError((error: PlatformError) => failed("written", path, error))
        yield* writable(removeTornLine(path))
        const file = yield* writable(fileSystem.open(path, { flag: "a" }))
        const record = Effect.fnUntraced(function* (event: RunEvent) {
          const time = new Date(yield* Clock.currentTimeMillis).toISOString()
          yield* writable(file.writeAll(encoder.encode(`${encodeRecord({ time, ...event })}\n`)))
        }, Effect.uninterruptible)
        return RunLog.of({ record })
      })
    )

  /** Keeps the events in memory; read them with {@link RecordedEvents}. */
  static readonly layerMemory = Layer.effectContext(
    Effect.sync(() => {
      const events: Array<RunEvent> = []
      const record = (event: RunEvent) => Effect.sync(() => void events.push(event))
      return Context.make(RunLog, RunLog.of({ record })).pipe(
        Context.add(RecordedEvents, RecordedEvents.of({ all: Effect.sync(() => [...events]) }))
      )
    })
  )

  /** Shows every event to `observe` after the log below has recorded it: how a progress bar sees the run. */
  static readonly layerTee = (observe: (event: RunEvent) => Effect.Effect<void>) =>
    Layer.effect(
      RunLog,
      Effect.map(RunLog, ({ record }) =>
        RunLog.of({ record: (event) => Effect.andThen(record(event), observe(event)) })
      )
    )
}

/** What {@link RunLog.layerMemory} has recorded so far. */
export class RecordedEvents extends Context.Service<
  RecordedEvents,
  { readonly all: Effect.Effect<ReadonlyArray<RunEvent>> }
>()("@moco/train/RecordedEvents") {}

/** The events in the file at `path`, oldest first. A last line without its end was torn off and is left out. */
export const read = Effect.fn("RunLog.read")(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(fileSystem.readFileString(path), (error) => failed("read", path, error))
  const lines = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1)
  return yield* Effect.forEach(lines, (line, index) =>
    Effect.mapError(
      decodeRecord(line),
      ({ message }) => new RunLogCorrupt({ path, line: index + 1, problem: message.replaceAll("\n", " ") })
    )
  )
})

const encoder = new TextEncoder()
const RecordLine = Schema.fromJsonString(Schema.toCodecJson(RunRecord))
const encodeRecord = Schema.encodeSync(RecordLine)
const decodeRecord = Schema.decodeUnknownEffect(RecordLine)

const failed = (operation: "written" | "read", path: string, error: PlatformError) =>
  new RunLogError({ operation, path, ...fileTrouble(error) })

const removeTornLine = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  if (!(yield* fileSystem.exists(path))) return
  const bytes = yield* fileSystem.readFile(path)
  const end = bytes.lastIndexOf(0x0a) + 1
  if (end < bytes.length) yield* fileSystem.truncate(path, end)
})
