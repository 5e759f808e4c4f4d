import { hidden, spelled, terminal } from "@moco/native/hiddenCharacters"

export { terminal }

/**
 * The one place where text from elsewhere (a file, a flag, the system) is made safe to show: on a terminal, in Markdown,
 * in SVG and HTML, in CSV. What cannot be seen is spelled as JSON spells it, `\u001b`, so JSON stays what it was.
 */

/** Sequences that colour text and do nothing else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const style = /(\u001b\[[0-9;]*m)/

/** Text from elsewhere inside of a line: it cannot begin another one. */
export const line = (text: string): string =>
  text.replace(hidden, (character) => (/[\t-\r]/.test(character) ? " " : spelled(character)))

/** Text of our own that may be coloured; all else is escaped by {@link terminal} or {@link line}. */
export const styled = (text: string, escape: (part: string) => string): string =>
  text
    .split(style)
    .map((part, i) => (i % 2 === 1 ? part : escape(part)))
    .join("")

/** The first character that {@link line} would change, as it is spelled; nothing where text can be shown as it is. */
export const hiddenIn = (text: string): string | undefined => {
  const [first] = text.match(hidden) ?? []
  return first === undefined ? undefined : spelled(first)
}

/** What has a meaning inside of a Markdown paragraph or a table's cell. */
const markdownSyntax = /[\\`*_[\]<>|~&$@]/g

/** Text as itself in Markdown, on one line: within a paragraph, or as a table's cell. */
export const markdown = (text: string): string =>
  line(text)
    .trimStart()
    .replace(markdownSyntax, "\\$&")
    // Addresses are links without any syntax.
    .replaceAll("://", ":\\//")
    .replace(/(www)\./gi, "$1\\.")

/** As {@link markdown}, where a block begins: a paragraph or a list's item, which it does not turn into another one. */
export const markdownBlock = (text: string): string =>
  markdown(text)
    .replace(/^[#+=-]/, "\\$&")
    .replace(/^(\d+)([.)])/, "$1\\$2")

const longestOf = (runs: ReadonlyArray<string>): number =>
  runs.reduce((most, { length }) => Math.max(most, length), 0)

/** Text as a Markdown code span, whatever backticks are in it. Not for a table's cell. */
export const markdownCode = (text: string): string => {
  const inner = line(text)
  const fence = "`".repeat(1 + longestOf(inner.match(/`+/g) ?? []))
  const pad = /^[` ]|[` ]$/.test(inner) ? " " : ""
  return `${fence}${pad}${inner}${pad}${fence}`
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/** Text as itself in SVG and HTML, in an element or in an attribute. */
export const markup = (text: string): string =>
  terminal(text).replace(/[&<>"']/g, (character) => entities[character]!)

/** A field of comma-separated values. A text that a spreadsheet would compute gets an apostrophe before it. */
export const csv = (value: string | number | undefined): string => {
  if (typeof value !== "string") return value === undefined ? "" : String(value)
  const text = line(value)
  const isFormula = /^\s*[=+\-@]/.test(text) && !Number.isFinite(Number(text))
  const safe = isFormula ? `'${text}` : text
  return /[",;]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** How deep an error's fields are looked into. */
const maxDepth = 6

/**
 * The message of an error, in which no field begins a line of its own: the message is asked of a copy of the error whose
 * fields are escaped. So the lines of a message are those that its class, or the `hint` that it was made with, has.
 */
export const message = (error: Error): string => terminal(String((escapedFields(error, 0) as Error).message))

/** Fields that may have lines: advice is written by us, and what another library says is taken apart by who quotes it. */
const hasLines = (key: PropertyKey, depth: number) => key === "hint" || (key === "message" && depth > 0)

const escapedFields = (value: unknown, depth: number): unknown => {
  if (typeof value === "string") return line(value)
  if (typeof value !== "object" || value === null || depth > maxDepth) return value
  if (Array.isArray(value)) return value.map((inner) => escapedFields(inner, depth + 1))
  const copy: object = Object.create(Object.getPrototypeOf(value))
  for (const key of Reflect.ownKeys(value)) {
    const inner: unknown = Reflect.get(value, key)
    const escaped =
      typeof inner === "string" && hasLines(key, depth) ? terminal(inner) : escapedFields(inner, depth + 1)
    Object.defineProperty(copy, key, { value: escaped, configurable: true, writable: true })
  }
  return copy
}
