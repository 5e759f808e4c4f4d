import * as SafeFile from "@moco/core/SafeFile"
import { EvaluationSettings } from "@moco/evaluation/evaluationKinds"
import { Measurement } from "@moco/evaluation/Measurement"
import { Effect, FileSystem, Schema } from "effect"

/** What `moco evaluate` has measured of a run's encoder. */
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

const maxBytes = 2 ** 26
const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Array(Evaluated)))

/** What was measured so far; nothing where there is no such file, or none that can be read: it is begun anew then. */
export const readEvaluated = Effect.fn("RunFolder.readEvaluated")(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  if (!(yield* Effect.orElseSucceed(fileSystem.exists(file), () => false))) return []
  return yield* SafeFile.readText(file, { maxBytes }).pipe(
    Effect.flatMap(decode),
    Effect.orElseSucceed((): ReadonlyArray<Evaluated> => [])
  )
})
