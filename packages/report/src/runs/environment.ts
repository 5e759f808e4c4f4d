import { readStructuredFile } from "@moco/train/readStructuredFile"
import { Effect, Schema } from "effect"

/** What a run has run on, as far as its `environment.json` tells: programs of other times have written more, or less. */
export const StoredEnvironment = Schema.Struct({
  startedAt: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String),
  commit: Schema.optionalKey(Schema.NullOr(Schema.Struct({ hash: Schema.String, dirty: Schema.Boolean }))),
  node: Schema.optionalKey(Schema.String),
  platform: Schema.optionalKey(Schema.String),
  backend: Schema.optionalKey(
    Schema.Struct({
      name: Schema.String,
      version: Schema.optionalKey(Schema.String),
      device: Schema.optionalKey(Schema.String),
      nativeOps: Schema.optionalKey(Schema.NullOr(Schema.String))
    })
  ),
  threads: Schema.optionalKey(Schema.Finite),
  cpu: Schema.optionalKey(
    Schema.Struct({
      model: Schema.String,
      cores: Schema.optionalKey(Schema.Finite),
      features: Schema.optionalKey(Schema.Array(Schema.String))
    })
  ),
  images: Schema.optionalKey(Schema.Struct({ name: Schema.String, sha256: Schema.String })),
  /** Stages that were given in code, in place of the config's. */
  ownStages: Schema.optionalKey(Schema.Array(Schema.String))
})
export type StoredEnvironment = typeof StoredEnvironment.Type

const decode = Schema.decodeUnknownEffect(StoredEnvironment)

/** What a run has run on; nothing where that is not there, or cannot be understood. */
export const readEnvironment = (file: string) =>
  readStructuredFile("environment", file).pipe(
    Effect.flatMap(decode),
    Effect.orElseSucceed(() => undefined)
  )
