import { EvaluationSettings } from "@moco/evaluation/evaluationKinds"
import { type Interval, Measurement } from "@moco/evaluation/Measurement"
import { Effect, FileSystem, Result, Schema } from "effect"
import { fileTrouble } from "../fileTrouble.ts"
import { addLine, readLines } from "../jsonLines.ts"
import { shorten } from "../RunConfig/Problem.ts"
import { unwritable } from "./errors.ts"

const fields = {
  /** ISO 8601, UTC. */
  time: Schema.String,
  which: Schema.Literals(["last", "best", "named"]),
  /** Steps that the encoder had taken, where they are known. */
  step: Schema.optionalKey(Schema.Int),
  /** SHA-256 of the file of its weights. */
  weights: Schema.String,
  images: Schema.Struct({
    name: Schema.String,
    /** Of what is known of the training images' files. */
    sha256: Schema.String
  }),
  measurements: Schema.Array(Measurement)
}

/** What `moco evaluate` has found of a run's encoder. */
export const KeptEvaluation = Schema.Struct(fields)
export type KeptEvaluation = typeof KeptEvaluation.Type

/** The same with the settings that it was measured by: a line of `evaluations.jsonl`. */
export const Evaluated = Schema.Struct({ ...fields, evaluations: EvaluationSettings })
export type Evaluated = typeof Evaluated.Type

/** As one line of JSON. */
export const encodeEvaluated = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(Evaluated)))

/** Adds a line to `file`, behind what was measured before, and by whom else measures the same run. */
export const keepEvaluated = Effect.fn("RunFolder.keepEvaluated")(function* (
  file: string,
  evaluated: Evaluated
) {
  yield* unwritable(file)(addLine(file, encodeEvaluated(evaluated)))
})

// Each protocol tells how it was measured: settings of another time need not be understood.
const decodeKept = Schema.decodeUnknownResult(Schema.toCodecJson(KeptEvaluation))

const decode = (line: string) => Result.flatMap(parse(line), decodeKept)

const parse = (line: string): Result.Result<unknown, Error> =>
  Result.try({
    try: (): unknown => JSON.parse(line, withNaN),
    catch: (cause) => (cause instanceof Error ? cause : new Error(String(cause)))
  })

/** JSON has no number that is none: older versions have written `null` for it, and newer ones write its name. */
const withNaN = (key: string, value: unknown): unknown =>
  value === null && numbers.includes(key) ? "NaN" : value

const numbers: ReadonlyArray<string> = ["value", "low", "high"] satisfies ReadonlyArray<
  keyof Measurement | keyof Interval
>

/** What was found of a run's encoder since, oldest first. */
export interface KeptEvaluations {
  readonly found: ReadonlyArray<KeptEvaluation>
  /** Why the file, or lines of it, cannot be understood. */
  readonly problems: ReadonlyArray<string>
}

/** Longer ones are told in part. */
const maxProblem = 300

/** A thousand evaluations and more: everything is read at once by whoever shows some of it. */
const maxBytes = 2 ** 24
/** Of the lines in it, the newest are read. */
const maxLines = 10_000

/**
 * What was kept in `file`; nothing where there is no file. One that is too large is not read, and says so. A line that
 * cannot be understood is told and left out; a last one without its end was torn off.
 */
export const readEvaluated = Effect.fn("RunFolder.readEvaluated")(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const none: KeptEvaluations = { found: [], problems: [] }
  if (!(yield* Effect.orElseSucceed(fileSystem.exists(file), () => true))) return none
  return yield* Effect.match(readLines(file, { maxBytes }), {
    onFailure: (error): KeptEvaluations => {
      const { hint, reason } = fileTrouble(error)
      return { found: [], problems: [`evaluations.jsonl: ${reason}; ${hint}`] }
    },
    onSuccess: (lines) => keptIn(lines, Math.max(0, lines.length - maxLines))
  })
})

/** What the lines from one on say. Two that end a torn line at once leave an empty one between theirs. */
const keptIn = (lines: ReadonlyArray<string>, first: number): KeptEvaluations => {
  const numbered = lines.map((line, i) => ({ line, number: i + 1 })).slice(first)
  const read = numbered
    .filter(({ line }) => line !== "")
    .map(({ line, number }) =>
      Result.mapError(decode(line), ({ message }) => {
        const problem = shorten(message.slice(0, 2 * maxProblem).replaceAll("\n", " "), maxProblem)
        return `evaluations.jsonl, line ${number}: ${problem}`
      })
    )
  const unread =
    first === 0
      ? []
      : [
          `evaluations.jsonl: of its ${lines.length} lines the last ${maxLines} are read; move older ones away`
        ]
  return { found: read.flatMap(successOf), problems: [...unread, ...read.flatMap(failureOf)] }
}

const successOf = <A>(result: Result.Result<A, unknown>): ReadonlyArray<A> =>
  Result.isSuccess(result) ? [result.success] : []

const failureOf = <E>(result: Result.Result<unknown, E>): ReadonlyArray<E> =>
  Result.isFailure(result) ? [result.failure] : []
