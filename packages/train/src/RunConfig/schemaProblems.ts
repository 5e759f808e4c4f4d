import type * as SchemaIssue from "effect/SchemaIssue"
import {
  choicesOf,
  descriptionOf,
  type Field,
  fieldAt,
  isObject,
  keysOf,
  kindsOf,
  valueAt
} from "./fields.ts"
import { nearest } from "./nearest.ts"
import { type Problem, renderPath, renderValue } from "./Problem.ts"

type Path = ReadonlyArray<PropertyKey>

/**
 * Every problem that the Schema found, at most one per path.
 *
 * Schema's own text leaves out the values and knows no hints, so the tree of issues is walked instead.
 *
 * @param renamed  keys that had another name, by their old dotted paths without places in lists
 */
export const schemaProblems = (
  issue: SchemaIssue.Issue,
  field: Field,
  input: unknown,
  renamed: Readonly<Record<string, string>> = {}
): ReadonlyArray<Problem> => {
  const byPath = new Map<string, Problem>()
  for (const problem of walk(issue, { root: field, input, renamed }, [])) {
    if (!byPath.has(problem.path)) byPath.set(problem.path, problem)
  }
  return [...byPath.values()]
}

interface Subject {
  readonly root: Field
  readonly input: unknown
  readonly renamed: Readonly<Record<string, string>>
}

function* walk(issue: SchemaIssue.Issue, subject: Subject, path: Path): Generator<Problem> {
  switch (issue._tag) {
    case "Pointer":
      return yield* walk(issue.issue, subject, [...path, ...issue.path])
    case "Composite":
      for (const part of issue.issues) yield* walk(part, subject, path)
      return
    case "AnyOf":
      if (issue.issues.length === 0) return yield noChoice(subject, path)
      for (const part of issue.issues) yield* walk(part, subject, path)
      return
    case "Encoding":
      return yield* walk(issue.issue, subject, path)
    case "Filter":
      return yield outOfRange(issue, subject, path)
    case "MissingKey":
      return yield { ...at(subject, path), problem: "is missing", hint: purpose(subject, path) }
    case "UnexpectedKey":
      return yield* unknownKey(subject, path)
    default:
      return yield wrongType(subject, path)
  }
}

const at = ({ input }: Subject, path: Path) => ({
  path: renderPath(path),
  value: renderValue(valueAt(input, path))
})

/** What a field is for and what may stand there; an element of a list is explained by its list. */
const purpose = (subject: Subject, path: Path): string => {
  const field = fieldAt(subject.root, subject.input, path)
  if (field === undefined) return ""
  const description = descriptionOf(field)
  if (description === undefined && typeof path.at(-1) === "number") return purpose(subject, path.slice(0, -1))
  const keys = keysOf(field, valueAt(subject.input, path))
  const choices = [...choicesOf(field), ...kindsOf(field)]
  return [
    description,
    keys.length > 0 ? `keys: ${keys.join(", ")}` : undefined,
    choices.length > 0 ? `one of ${list(choices)}` : undefined
  ]
    .filter((part) => part !== undefined)
    .join("; ")
}

const outOfRange = (issue: SchemaIssue.Filter, subject: Subject, path: Path): Problem => {
  const message = issue.issue._tag === "InvalidValue" ? issue.issue.annotations?.message : undefined
  const expected = issue.filter.annotations?.["expected"]
  const problem = typeof message === "string" ? message : must(String(expected ?? "another value"))
  return { ...at(subject, path), problem, hint: purpose(subject, path) }
}

/** Schema says "a value greater than 0" or "an integer". */
const must = (expected: string): string =>
  expected
    .replace(/^a value with a length/, "be a list with a length")
    .replace(/^a value /, "be ")
    .replace(/^(?!be )/, "be ")
    .replace(/^/, "must ")

const noChoice = (subject: Subject, path: Path): Problem => {
  const value = valueAt(subject.input, path)
  const field = fieldAt(subject.root, subject.input, path)
  const kinds = field ? kindsOf(field) : []
  if (kinds.length > 0) {
    if (!isObject(value)) return wrongType(subject, path)
    const kind = [...path, "kind"]
    const actual = valueAt(value, ["kind"])
    const problem = actual === undefined ? "is missing" : `must be one of ${list(kinds)}`
    const meaning = actual === undefined ? purpose(subject, path) : (descriptionOf(field) ?? "")
    return { ...at(subject, kind), problem, hint: didYouMean(actual, kinds) ?? meaning }
  }
  const choices = field ? choicesOf(field) : []
  const hint = didYouMean(value, choices) ?? descriptionOf(field) ?? ""
  return { ...at(subject, path), problem: `must be one of ${list(choices)}`, hint }
}

function* unknownKey(subject: Subject, path: Path): Generator<Problem> {
  const known = renamedAt(subject, path)
  if (known.length > 0) return yield* known
  const parent = path.slice(0, -1)
  const field = fieldAt(subject.root, subject.input, parent)
  const keys = field ? keysOf(field, valueAt(subject.input, parent)) : []
  const hint = didYouMean(path.at(-1), keys) ?? `known here: ${keys.join(", ")}`
  yield { ...at(subject, path), problem: "is not a known key", hint }
}

/** What stands at `path`, or under it where that is a section that is gone, under a name that it no longer has. */
const renamedAt = (subject: Subject, path: Path): ReadonlyArray<Problem> => {
  const name = path.filter((key) => typeof key !== "number").join(".")
  return Object.entries(subject.renamed).flatMap(([before, now]) => {
    if (before !== name && !before.startsWith(`${name}.`)) return []
    const below = before === name ? [] : before.slice(name.length + 1).split(".")
    const place = [...path, ...below]
    const isThere = valueAt(subject.input, place) !== undefined
    return isThere ? [{ ...at(subject, place), problem: "has another name", hint: `is now ${now}` }] : []
  })
}

const wrongType = (subject: Subject, path: Path): Problem => ({
  ...at(subject, path),
  problem: `must be ${typeName(fieldAt(subject.root, subject.input, path))}`,
  hint: purpose(subject, path)
})

const typeName = (field: Field | undefined): string => {
  switch (field?._tag) {
    case "Number":
      return "a number"
    case "String":
      return "a string"
    case "Boolean":
      return "true or false"
    case "Arrays":
      return "a list"
    default:
      return field && choicesOf(field).length > 0 ? `one of ${list(choicesOf(field))}` : "a section"
  }
}

const didYouMean = (actual: unknown, candidates: ReadonlyArray<string>): string | undefined => {
  const near = typeof actual === "string" ? nearest(actual, candidates) : undefined
  return near === undefined ? undefined : `did you mean ${near}?`
}

const list = (values: ReadonlyArray<string>): string =>
  values.map((value) => JSON.stringify(value)).join(", ")
