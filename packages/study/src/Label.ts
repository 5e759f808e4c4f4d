import { hiddenIn } from "@moco/core/Escape"
import { Schema } from "effect"

/**
 * Only what can be seen, on one line: what a study calls things stands in tables, in charts and on the terminal, and is
 * checked before its first run and not after its last.
 */
const visible = Schema.makeFilter((text: string) => {
  const hidden = hiddenIn(text)
  return hidden === undefined || `has a character that cannot be shown (${hidden})`
})

/** A name that stands in tables and charts. */
export const Label = Schema.String.check(Schema.isMaxLength(200), visible)

/** What is said in a report. */
export const Sentence = Schema.String.check(Schema.isMaxLength(2000), visible)
