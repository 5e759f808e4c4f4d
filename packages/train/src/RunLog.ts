import { Clock, Context, Effect, Layer, Option, Result, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { type FileTrouble, fileTrouble, newerFormat } from "./fileTrouble.ts"
import { parseJson } from "./internal/parseJson.ts"
import { openLines, readLastLine, readLines } from "./jsonLines.ts"
import { isSection } from "./RunConfig/overrides.ts"
import { upgradeLine } from "./RunLog/format1.ts"
import { formatVersion, type RunEvent, RunRecord } from "./RunLog/RunEvent.ts"

export type { RunEvent, RunRecord } from "./RunLog/RunEvent.ts"

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
    /** Where the log ends, once all that was recorded is on disk. */
    readonly flush: Effect.Effect<number, RunLogError>
    /** The same, as far as it was recorded: where the log cannot be brought to disk, this is what is known. */
    readonly position: Effect.Effect<number>
    /**
     * Removes what was recorded behind a position that `flush` gave. What tells of the run itself stays: with which weights
     * it has begun, that it goes on with another config, and that it has gone back.
     */
    readonly truncate: (position: number) => Effect.Effect<void, RunLogError>
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
        const writable = Effect.mapError((error: PlatformError) => failed("written", path, error))
        const file = yield* writable(openLines(path))
        const record = Effect.fnUntraced(function* (event: RunEvent) {
          const time = new Date(yield* Clock.currentTimeMillis).toISOString()
          yield* writable(file.append(encodeRecord({ format: formatVersion, time, ...event })))
        }, Effect.uninterruptible)
        return RunLog.of({
          record,
          flush: writable(Effect.andThen(file.sync, file.position)),
          position: file.position,
          truncate: (position) => writable(file.truncate(position, isLineOfRun))
        })
      })
    )

  /** Keeps the events in memory; read them with {@link RecordedEvents}. */
  static readonly layerMemory = Layer.effectContext(
    Effect.sync(() => {
      const events: Array<RunEvent> = []
      const record = (event: RunEvent) => Effect.sync(() => void events.push(event))
      const runLog = RunLog.of({
        record,
        flush: Effect.sync(() => events.length),
        position: Effect.sync(() => events.length),
        truncate: (position) =>
          Effect.sync(() => void events.push(...events.splice(position).filter(isOfRun)))
      })
      return Context.make(RunLog, runLog).pipe(
        Context.add(RecordedEvents, RecordedEvents.of({ all: Effect.sync(() => [...events]) }))
      )
    })
  )

  /** Shows every event to `observe` after the log below has recorded it: how a progress bar sees the run. */
  static readonly layerTee = (observe: (event: RunEvent) => Effect.Effect<void>) =>
    Layer.effect(
      RunLog,
      Effect.map(RunLog, (below) =>
        RunLog.of({ ...below, record: (event) => Effect.andThen(below.record(event), observe(event)) })
      )
    )
}

/** What {@link RunLog.layerMemory} has recorded so far. */
export class RecordedEvents extends Context.Service<
  RecordedEvents,
  { readonly all: Effect.Effect<ReadonlyArray<RunEvent>> }
>()("@moco/train/RecordedEvents") {}

/**
 * The events in the file at `path`, oldest first, those of format 1 as they would be written today. A last line without
 * its end was torn off and is left out.
 */
export const read = Effect.fn("RunLog.read")(function* (path: string) {
  const lines = yield* Effect.mapError(readLines(path), (error) => failed("read", path, error))
  return yield* Effect.forEach(lines, (line, index) =>
    Effect.mapError(Effect.fromResult(decodeRecord(line)), (refused) => {
      if (typeof refused === "string") return new RunLogCorrupt({ path, line: index + 1, problem: refused })
      const { hint, reason } = refused
      return new RunLogError({ operation: "read", path, reason: `line ${index + 1}: ${reason}`, hint })
    })
  )
})

/**
 * The last event in the file at `path`, from the end of the file alone, whatever stands before it; nothing where the last
 * line is no event, or there is none.
 */
export const readLast = Effect.fn("RunLog.readLast")(function* (path: string) {
  const line = yield* Effect.mapError(readLastLine(path), (error) => failed("read", path, error))
  return line === undefined ? undefined : Option.getOrUndefined(Result.getSuccess(decodeRecord(line)))
})

/**
 * The evaluations in the file at `path` of states of `step` steps and more, oldest first. Only their own lines are looked
 * at; what cannot be read of these is left out.
 */
export const readEvaluations = Effect.fn("RunLog.readEvaluations")(function* (path: string, step: number) {
  const lines = yield* Effect.mapError(readLines(path), (error) => failed("read", path, error))
  return lines
    .filter((line) => line.includes(`"event":"evaluation"`))
    .flatMap((line) => Option.toArray(Result.getSuccess(decodeRecord(line))))
    .filter((record) => record.event === "evaluation")
    .filter((evaluation) => evaluation.step >= step)
})

const RecordJson = Schema.toCodecJson(RunRecord)
const encodeRecord = Schema.encodeSync(Schema.fromJsonString(RecordJson))
const decodeJson = Schema.decodeUnknownResult(RecordJson)

/** An event from its line; or what is wrong with the line, in words; or why it is none for this program. */
export const decodeRecord = (line: string): Result.Result<RunRecord, string | FileTrouble> =>
  Result.flatMap(messageOf(parseJson(line)), (json): Result.Result<RunRecord, string | FileTrouble> => {
    const format = isSection(json) ? json["format"] : undefined
    return typeof format === "number" && format > formatVersion
      ? Result.fail(newerFormat(format, formatVersion))
      : messageOf(decodeJson(upgradeLine(json)))
  })

const messageOf = Result.mapError(({ message }: Schema.SchemaError) => message.replaceAll("\n", " "))

/** Whether an event is true of the run whatever state it goes back to. */
const isOfRun = ({ event }: RunEvent): boolean =>
  event === "configChanged" || event === "initialised" || event === "rolledBack"

const isLineOfRun = (line: string): boolean =>
  Result.match(decodeRecord(line), { onFailure: () => false, onSuccess: isOfRun })

const failed = (operation: "written" | "read", path: string, error: PlatformError) =>
  new RunLogError({ operation, path, ...fileTrouble(error) })
