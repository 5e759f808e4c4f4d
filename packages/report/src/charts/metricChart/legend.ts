import * as Plot from "@observablehq/plot"
import { inPixels, type Label, textMarks } from "../labels.ts"
import { lineHeight, textWidth } from "../text.ts"
import type { Layout } from "./layout.ts"

/** From the middle of a mark to its text. */
const markWidth = 9

/** A line in a legend: its mark stands at its point. */
interface Entry extends Label {
  readonly symbol: string
}

/** The names of the lines above the plot, in as many rows as they need. */
export const legendOf = ({ area, lines }: Pick<Layout, "area" | "lines">): ReadonlyArray<Entry> => {
  let x = area.left
  let y = 8
  return lines
    .filter(({ name }) => name !== "")
    .map(({ color, name, symbol }) => {
      const text = name.replaceAll("\n", " ")
      const width = textWidth(text) + 34
      if (x > area.left && x + width > area.right) {
        x = area.left
        y += lineHeight + 2
      }
      const entry = { text, color, symbol, x, y }
      x += width
      return entry
    })
}

/** How far to the right a legend reaches. */
export const legendEnd = (legend: ReadonlyArray<Entry>): number =>
  Math.max(0, ...legend.map(({ text, x }) => Math.ceil(x + markWidth + textWidth(text))))

export const legendMarks = (legend: ReadonlyArray<Entry>): Plot.Markish => [
  Plot.dot(legend, { x: inPixels("x"), y: inPixels("y"), fill: inPixels("color"), symbol: "symbol", r: 3.8 }),
  textMarks(legend.map((entry) => ({ ...entry, x: entry.x + markWidth })))
]
