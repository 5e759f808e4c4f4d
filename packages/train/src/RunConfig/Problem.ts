import { line } from "@moco/core/Escape"
import { isObject } from "./fields.ts"

/** One thing that is wrong with a config. */
export interface Problem {
  /** Where, with dots: `optimizer.schedule.milestones`, `encoder.layers[2]`. */
  readonly path: string
  /** What stands there, as it would be written in JSON. */
  readonly value: string
  /** What is wrong with it. */
  readonly problem: string
  /** What to do. */
  readonly hint: string
}

/** The rendered value of what is not there. */
const missing = "missing"

const maxValue = 60

/**
 * A value as it would be written in JSON, shortened where it is long.
 *
 * It is written only as far as it is shown: a file of a few hundred bytes can stand for a value that fills the memory.
 */
export const renderValue = (value: unknown): string => {
  if (value === undefined) return missing
  let text = ""
  for (const piece of pieces(value)) {
    text += piece
    if (text.length > maxValue) break
  }
  return shorten(text, maxValue)
}

/** `text`, or its beginning where it is longer than `maxLength`; on one line and with nothing that a terminal obeys. */
export const shorten = (text: string, maxLength: number): string => {
  const start = text.length <= maxLength ? text : `${text.slice(0, maxLength - 3).toWellFormed()}...`
  return line(start)
}

/** Every level of nesting gives a character before the next, so whoever stops after 60 has gone 60 levels deep at most. */
function* pieces(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    yield "["
    for (const [i, inner] of value.entries()) {
      if (i > 0) yield ","
      yield* pieces(inner)
    }
    yield "]"
  } else if (isObject(value)) {
    yield "{"
    for (const [i, key] of Object.keys(value).entries()) {
      yield `${i > 0 ? "," : ""}${quote(key)}:`
      yield* pieces(value[key])
    }
    yield "}"
  } else yield typeof value === "string" ? quote(value) : String(value)
}

/** What of a long text is left out here is not shown anyway. */
const quote = (text: string): string => JSON.stringify(text.slice(0, maxValue))

/** `["encoder", "layers", 2]` as `encoder.layers[2]`. */
export const renderPath = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    ""
  )

const maxProblems = 50

/** What is wrong with `subject`, one problem a line under a heading; beyond 50 their number. */
export const describeProblems = (subject: string, problems: ReadonlyArray<Problem>): string => {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`
  const name = shorten(subject, 300)
  const lines = problems.slice(0, maxProblems).map((problem) => describe(name, problem))
  const rest = problems.length > maxProblems ? [`  and ${problems.length - maxProblems} more`] : []
  return [`${name} has ${count}:`, ...lines, ...rest].join("\n")
}

/** All of it may quote a file from elsewhere, and a key or a word there may be as long as the file. */
const describe = (subject: string, { hint, path, problem, value }: Problem): string => {
  const place = path === "" ? subject : shorten(path, 200)
  const found = value === missing ? place : `${place} = ${shorten(value, 200)}`
  return shorten(`  ${found}: ${problem}${hint === "" ? "" : ` (${hint})`}`, 1000)
}
