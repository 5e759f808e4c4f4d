import { EvaluationSettings } from "@moco/evaluation/evaluationKinds"
import { Measurement } from "@moco/evaluation/Measurement"
import { Effect, Schema } from "effect"
import { openLines } from "../jsonLines.ts"
import { unwritable } from "./errors.ts"

/** What `moco evaluate` has measured of a run's encoder: a line of `evaluations.jsonl`. */
export const Evaluated = Schema.Struct({
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
  evaluations: EvaluationSettings,
  measurements: Schema.Array(Measurement)
})
export type Evaluated = typeof Evaluated.Type

const encode = Schema.encodeSync(Schema.fromJsonString(Evaluated))

/** Adds a line to `file`, behind what was measured before. */
export const keepEvaluated = Effect.fn("RunFolder.keepEvaluated")(function* (
  file: string,
  evaluated: Evaluated
) {
  const lines = yield* unwritable(file)(openLines(file))
  yield* unwritable(file)(Effect.andThen(lines.append(encode(evaluated)), lines.sync))
}, Effect.scoped)
