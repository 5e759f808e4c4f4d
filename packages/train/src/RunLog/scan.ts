import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Result } from "effect"
import { fileTrouble } from "../fileTrouble.ts"
import { decodeRecord, RunLogError, type RunRecord } from "../RunLog.ts"

type Step = RunRecord & { readonly event: "step" }

/** What a log tells beside its single steps. */
export interface Scanned {
  /** All events but steps, oldest first. */
  readonly events: ReadonlyArray<Exclude<RunRecord, Step>>
  readonly lastStep: Step | undefined
  /** Time that the steps behind `since` took. */
  readonly stepSeconds: number
  /** Lines that are no events of a log that this program knows; of steps only the last one is looked at. */
  readonly problems: ReadonlyArray<{ readonly problem: string; readonly hint?: string }>
}

/** Where a log is read. */
interface ScanRange {
  /** Bytes that are passed over; a line that begins in them is left out. */
  readonly from?: number
  /** Where the steps begin whose time is added up. */
  readonly since?: number
}

const newline = 0x0a
const bytesAtOnce = 2 ** 22

/** No line of ours is longer. */
const maxLineBytes = 2 ** 26

/**
 * Goes through the log at `path`, whatever its length, a part at a time: nearly all of its lines are steps, and of those
 * the last one is understood. A last line without its end was torn off and is left out.
 */
export const scan = Effect.fn("RunLog.scan")(function* (
  path: string,
  { from = 0, since = 0 }: ScanRange = {}
) {
  const found = collector(since)
  const file = yield* SafeFile.openToRead(path, { maxBytes: Number.POSITIVE_INFINITY })
  const start = Math.max(0, Math.min(from, file.size) - 1)
  let rest = Buffer.alloc(0)
  // The byte before is read too: where it ends a line, none is cut.
  let isCut = from > 0
  for (let at = start; at < file.size; at += bytesAtOnce) {
    const bytes = yield* file.read(at, Math.min(file.size, at + bytesAtOnce))
    const text = Buffer.concat([rest, bytes])
    const position = at - rest.length
    let begin = 0
    for (let end = text.indexOf(newline); end >= 0; end = text.indexOf(newline, begin)) {
      if (!isCut) found.take(text.subarray(begin, end), position + begin)
      isCut = false
      begin = end + 1
    }
    rest = text.subarray(begin)
    if (rest.length > maxLineBytes) return yield* tooLong(path)
  }
  return found.all()
}, Effect.scoped)

/** {@link scan}, whose failure says why the log cannot be read. */
export const scanLog = (path: string, range?: ScanRange) =>
  Effect.mapError(
    scan(path, range),
    (error) => new RunLogError({ operation: "read", path, ...fileTrouble(error) })
  )

const tooLong = (path: string) =>
  SafeFile.refuse(
    "read",
    path,
    "it has a line of more than 64 MiB",
    "check that it is the file that you mean"
  )

const stepMark = Buffer.from('"event":"step"')
const stepTime = /"stepMs":([-+.\deE]+)/

/** The end of a step's line, in which its time stands; format 1 had it nearly there. */
const timeBytes = 200

const collector = (since: number) => {
  const events: Array<Exclude<RunRecord, Step>> = []
  const problems: Array<Scanned["problems"][number]> = []
  let last: Buffer | undefined
  let milliseconds = 0
  const decode = (line: Buffer): RunRecord | undefined => {
    const decoded = decodeRecord(line.toString("utf8"))
    if (Result.isSuccess(decoded)) return decoded.success
    const { failure } = decoded
    problems.push(
      typeof failure === "string" ? { problem: failure } : { problem: failure.reason, hint: failure.hint }
    )
    return undefined
  }
  return {
    take: (line: Buffer, position: number) => {
      if (line.includes(stepMark)) {
        last = line
        if (position >= since) {
          milliseconds += Number(
            stepTime.exec(line.toString("latin1", Math.max(0, line.length - timeBytes)))?.[1] ?? 0
          )
        }
        return
      }
      const event = decode(line)
      if (event !== undefined && event.event !== "step") events.push(event)
    },
    all: (): Scanned => {
      const step = last === undefined ? undefined : decode(last)
      const lastStep = step?.event === "step" ? step : undefined
      return { events, lastStep, stepSeconds: milliseconds / 1000, problems }
    }
  }
}
