/** Letters for which a chart has room beside a row. */
const maxLength = 20

/**
 * Names of runs for where there is little room: cut in the middle, as runs differ most in the beginnings and the ends of
 * their names; numbered in the order of the page where that makes two of them the same.
 */
export const shortNames = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const short = names.map(cut)
  return new Set(short).size === names.length ? short : short.map((name, i) => `${i + 1}: ${name}`)
}

const cut = (name: string): string => {
  const letters = [...name]
  return letters.length <= maxLength
    ? name
    : [...letters.slice(0, 8), "\u2026", ...letters.slice(-11)].join("")
}
