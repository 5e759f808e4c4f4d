import * as Escape from "@moco/core/Escape"
import { largest } from "../extent.ts"

/** A longer cell stands out of its column, and does not widen all others. */
const maxWidth = 120

/** Rows of cells in columns as wide as their widest cell, up to a bound; every cell is escaped. Columns named in `right` end together. */
export const columns = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  right: ReadonlyArray<number> = []
): ReadonlyArray<string> => {
  const table = rows.map((row) => row.map(Escape.line))
  const widths = (table[0] ?? []).map((_, column) =>
    Math.min(
      maxWidth,
      largest(
        table.map((row) => row[column]?.length ?? 0),
        0
      )
    )
  )
  return table.map((row) =>
    row
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
      )
      .join("  ")
      .trimEnd()
  )
}
