import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Path, Schema } from "effect"
import * as Yaml from "effect/encoding/Yaml"
import type { PlatformError } from "effect/PlatformError"
import { shorten } from "./RunConfig/Problem.ts"

/** A config or a study file is not there, is neither YAML nor JSON, or is too much of it. */
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
 * Far more than a config or a study needs. The YAML parser's time grows with the square of a line's length, and it takes
 * up to 300 bytes for each of the file's: so larger files are not read.
 */
export const maxKiB = { JSON: 256, YAML: 16 }

/** Each `<<` copies keys: many of them over many keys would fill the memory while the file is parsed. */
const maxMerges = 100

/** Values and letters that a file may stand for, with its aliases written out; a plain file may be as long as it is. */
const maxSize = 64 * 1024

const maxDepth = 32

/**
 * What stands in a YAML or JSON file, unchecked, but no deeper or larger than what reads it can bear.
 *
 * @param kind  what the file is, for the error message
 */
export const readStructuredFile = Effect.fn("readStructuredFile")(function* (kind: string, file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const format = path.extname(file).toLowerCase() === ".json" ? "JSON" : "YAML"
  const unreadable = (reason: string, hint: string) =>
    new ConfigUnreadable({ kind, path: file, reason: shorten(reason, 300), hint })
  const reading = Effect.mapError(({ reason }: PlatformError) =>
    reason._tag === "NotFound"
      ? unreadable("there is no such file", "check the path; it is relative to the folder you are in")
      : unreadable(reasonOf(reason.cause ?? reason), "check that it is a file, and its permissions")
  )
  // A pipe may have no end and a file no place in memory, so neither is opened.
  const { size, type } = yield* reading(fileSystem.stat(file))
  if (type !== "File") {
    const found = type === "Directory" ? "a folder" : `a ${type}`
    return yield* unreadable(
      `it is ${found} and not a file`,
      "name a file; what comes through a pipe must be written to one first"
    )
  }
  if (size > maxKiB[format] * 1024) {
    const reason = `it has ${size} bytes, and ${maxKiB[format]} KiB of ${format} are read at most`
    return yield* unreadable(reason, "check that it is the file that you mean")
  }
  const bytes = yield* reading(SafeFile.readBytes(file, { maxBytes: maxKiB[format] * 1024 }))
  const expected = `it must be ${format === "JSON" ? "JSON, as its name says" : "YAML or JSON"}`
  const text = yield* Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => unreadable("it is not UTF-8 text", expected)
  })
  if (format === "YAML" && text.split("<<").length - 1 > maxMerges) {
    return yield* unreadable(`it has more than ${maxMerges} merge keys (<<)`, plainer)
  }
  const parsed = yield* Effect.try({
    try: (): unknown => (format === "JSON" ? JSON.parse(text) : Yaml.parse(text)),
    catch: (cause) =>
      isOverflow(cause) ? unreadable(tooDeep, plainer) : unreadable(reasonOf(cause), expected)
  })
  const excess = excessOf(parsed, Math.max(maxSize, text.length))
  if (excess !== undefined) return yield* unreadable(excess, plainer)
  // An empty file changes nothing.
  return withoutSchema(parsed ?? {})
})

/** Without the key by which a file tells an editor what it is checked with. */
const withoutSchema = (parsed: unknown): unknown => {
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return parsed
  const { $schema, ...rest } = parsed as Readonly<Record<string, unknown>>
  return typeof $schema === "string" ? rest : parsed
}

const tooDeep = `it is nested more than ${maxDepth} levels deep`
const plainer = "write it plainly: no config or study needs that"

/**
 * What is too much of `value`. Its aliases are followed wherever they stand, as whatever reads it does; plain loops, so
 * that to count costs no memory.
 */
const excessOf = (value: unknown, maxSize: number): string | undefined => {
  let size = 0
  const visit = (inner: unknown, depth: number): string | undefined => {
    size += typeof inner === "string" ? 1 + inner.length : 1
    if (depth > maxDepth) return tooDeep
    if (size > maxSize) return `its aliases make it larger than ${maxSize / 1024} KiB`
    if (typeof inner !== "object" || inner === null) return undefined
    if (Array.isArray(inner)) {
      for (let i = 0; i < inner.length; i++) {
        const excess = visit(inner[i], depth + 1)
        if (excess !== undefined) return excess
      }
      return undefined
    }
    for (const key in inner) {
      size += 1 + key.length
      const excess = visit((inner as Readonly<Record<string, unknown>>)[key], depth + 1)
      if (excess !== undefined) return excess
    }
    return undefined
  }
  return visit(value, 0)
}

/** A RangeError is thrown for a bad code point as well. */
const isOverflow = (cause: unknown) => cause instanceof RangeError && cause.message.includes("call stack")

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause))
