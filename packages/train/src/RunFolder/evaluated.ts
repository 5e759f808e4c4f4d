import { EvaluationSettings } from "@moco/evaluation/evaluationKinds"
import { Measurement } from "@moco/evaluation/Measurement"
import { Effect, FileSystem, Result, Schema } from "effect"
import { fileTrouble } from "../fileTrouble.ts"
import { openLines, readLines } from "../jsonLines.ts"
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

/** Adds a line to `file`, behind what was measured before. */
export const keepEvaluated = Effect.fn("RunFolder.keepEvaluated")(function* (
  file: string,
  evaluated: Evaluated
) {
  const lines = yield* unwritable(file)(openLines(file))
  yield* unwritable(file)(Effect.andThen(lines.append(encodeEvaluated(evaluated)), lines.sync))
}, Effect.scoped)

// Each protocol tells how it was measured: settings of another time need not be understood.
const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.toCodecJson(KeptEvaluation)))

/** What was found of a run's encoder since, oldest first. */
export interface KeptEvaluations {
  readonly found: ReadonlyArray<KeptEvaluation>
  /** Why the file, or lines of it, cannot be understood. */
  readonly problems: ReadonlyArray<string>
}

/** Longer ones are told in part. */
const maxProblem = 300

/**
 * What was kept in `file`; nothing where there is no file. A line that cannot be understood is told and left out; a last
 * one without its end was torn off.
 */
export const readEvaluated = Effect.fn("RunFolder.readEvaluated")(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const none: KeptEvaluations = { found: [], problems: [] }
  if (!(yield* Effect.orElseSucceed(fileSystem.exists(file), () => true))) return none
  return yield* Effect.match(readLines(file), {
    onFailure: (error): KeptEvaluations => ({
      found: [],
      problems: [`evaluations.jsonl: ${fileTrouble(error).reason}`]
    }),
    onSuccess: (lines): KeptEvaluations => {
      const read = lines.map((line, i) =>
        Result.mapError(
          decode(line),
          ({ message }) =>
            `evaluations.jsonl, line ${i + 1}: ${shorten(message.replaceAll("\n", " "), maxProblem)}`
        )
      )
      return { found: read.flatMap(successOf), problems: read.flatMap(failureOf) }
    }
  })
})

const successOf = <A>(result: Result.Result<A, unknown>): ReadonlyArray<A> =>
  Result.isSuccess(result) ? [result.success] : []

const failureOf = <E>(result: Result.Result<unknown, E>): ReadonlyArray<E> =>
  Result.isFailure(result) ? [result.failure] : []
