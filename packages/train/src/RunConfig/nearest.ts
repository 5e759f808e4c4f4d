/**
 * The candidate that `word` was most likely meant to be, or none where nothing is near.
 *
 * Near is: at most a third of the letters differ, or one is the beginning of the other; case does not count.
 */
export const nearest = (word: string, candidates: ReadonlyArray<string>): string | undefined => {
  const lower = word.toLowerCase()
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const other = candidate.toLowerCase()
    const shorter = Math.min(lower.length, other.length)
    const longer = Math.max(lower.length, other.length)
    const isPrefix = shorter >= 3 && lower.slice(0, shorter) === other.slice(0, shorter)
    const tolerance = Math.max(1, Math.floor(longer / 3))
    // The word may be as long as the file that it comes from, and its length alone may decide.
    const isDecided = isPrefix || longer - shorter > tolerance
    const distance = isDecided ? longer - shorter : editDistance(lower, other)
    const isNear = distance <= tolerance
    if ((isNear || isPrefix) && distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
const editDistance = (a: string, b: string): number => {
  const rows: Array<Array<number>> = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, replace)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1)
      }
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
