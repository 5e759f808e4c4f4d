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
export const missing = "missing"

const maxLength = 60

/** A value as it would be written in JSON, shortened where it is long. */
export const renderValue = (value: unknown): string => {
  if (value === undefined) return missing
  if (typeof value === "number" || typeof value === "bigint") return String(value)
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 3)}...`
}

/** `["encoder", "layers", 2]` as `encoder.layers[2]`. */
export const renderPath = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    ""
  )

/** Everything that is wrong with `subject`, one problem a line under a heading. */
export const describeProblems = (subject: string, problems: ReadonlyArray<Problem>): string => {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`
  return [`${subject} has ${count}:`, ...problems.map((problem) => describe(subject, problem))].join("\n")
}

const describe = (subject: string, { hint, path, problem, value }: Problem): string => {
  const place = path === "" ? subject : path
  const found = value === missing ? place : `${place} = ${value}`
  return `  ${found}: ${problem}${hint === "" ? "" : ` (${hint})`}`
}
