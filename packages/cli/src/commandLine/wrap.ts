/** Columns that everything the command line says of itself fits into. */
export const maxColumns = 80

/** Breaks text at spaces into lines of at most `columns`; a longer word has a line of its own. */
export const wrapped = (text: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(/\s+/)) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (longer.length <= columns) lines.splice(-1, 1, longer)
    else lines.push(word)
  }
  return lines
}

/** Text under an indentation, as many lines as it takes. */
export const indented = (text: string, indentation: number): ReadonlyArray<string> =>
  wrapped(text, maxColumns - indentation).map((line) => `${" ".repeat(indentation)}${line}`)

/** A term with its explanation in a column of its own, or under it where the term is longer than its column. */
export const entry = (term: string, explanation: string, column: number): ReadonlyArray<string> => {
  const lines = indented(explanation, column)
  const isShort = 2 + term.length + 2 <= column
  const [first = "", ...rest] = lines
  return isShort ? [`  ${term}`.padEnd(column) + first.trimStart(), ...rest] : [`  ${term}`, ...lines]
}
