import { Effect, FileSystem, Path, Schema } from "effect"
import * as Yaml from "effect/encoding/Yaml"

/** A config or a study file is not there, or is neither YAML nor JSON. */
export class ConfigUnreadable extends Schema.TaggedError<ConfigUnreadable>()("ConfigUnreadable", {
  kind: Schema.String,
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `the ${this.kind} ${this.path} cannot be read: ${this.reason}\n  ${this.hint}`
  }
}

/**
 * What stands in a YAML or JSON file, unchecked.
 *
 * @param kind  what the file is, for the error message
 */
export const readStructuredFile = Effect.fn("cli.readStructuredFile")(function* (kind: string, file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const isJson = path.extname(file).toLowerCase() === ".json"
  const unreadable = (reason: string, hint: string) =>
    new ConfigUnreadable({ kind, path: file, reason, hint })
  const text = yield* Effect.mapError(fileSystem.readFileString(file), ({ reason }) =>
    reason._tag === "NotFound"
      ? unreadable("there is no such file", "check the path; it is relative to the folder you are in")
      : unreadable(reason.message, "check its permissions")
  )
  const parsed = yield* Effect.try({
    try: (): unknown => (isJson ? JSON.parse(text) : Yaml.parse(text)),
    catch: (cause) => {
      const reason = cause instanceof Error ? cause.message : String(cause)
      return unreadable(reason, `it must be ${isJson ? "JSON, as its name says" : "YAML or JSON"}`)
    }
  })
  // An empty file changes nothing.
  return parsed ?? {}
})
