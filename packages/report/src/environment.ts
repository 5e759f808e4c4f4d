import { Schema } from "effect"

/** The part of a run's `environment.json` that a reader of figures wants. */
export const RunEnvironment = Schema.Struct({
  startedAt: Schema.String,
  version: Schema.optionalKey(Schema.String),
  commit: Schema.NullOr(Schema.Struct({ hash: Schema.String, dirty: Schema.Boolean })),
  node: Schema.String,
  platform: Schema.String,
  backend: Schema.Struct({
    name: Schema.String,
    version: Schema.String,
    device: Schema.String,
    nativeOps: Schema.optionalKey(Schema.String)
  }),
  threads: Schema.Int,
  cpu: Schema.Struct({ model: Schema.String, cores: Schema.Int, features: Schema.Array(Schema.String) }),
  variables: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  images: Schema.optionalKey(Schema.Struct({ name: Schema.String, sha256: Schema.String })),
  ownStages: Schema.optionalKey(Schema.Array(Schema.String))
})
export type RunEnvironment = typeof RunEnvironment.Type

/** The same, as it stands in its file. */
export const RunEnvironmentJson = Schema.fromJsonString(RunEnvironment)
