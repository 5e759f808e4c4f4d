import * as Plot from "@observablehq/plot"
import { ink } from "./palette.ts"
import { type Area, type Label, spread } from "./spread.ts"
import { lineHeight, numLines, textWidth } from "./text.ts"

export { type Area, type Label, spread } from "./spread.ts"

/** Sizes of a plot whose axes enclose `area`. */
export const around = (area: Area, marginRight: number, marginBottom: number) => ({
  width: area.right + marginRight,
  height: area.bottom + marginBottom,
  marginLeft: area.left,
  marginRight,
  marginTop: area.top,
  marginBottom
})

/** From the plot to the labels beside it. */
const gap = 16

/** What a column of labels needs to the right of a plot. */
export const columnWidth = (texts: ReadonlyArray<string>): number =>
  texts.length === 0 ? gap : gap + Math.ceil(Math.max(...texts.map((text) => textWidth(text)))) + 4

/** What a column of labels needs from top to bottom. */
export const columnHeight = (texts: ReadonlyArray<string>): number =>
  texts.reduce((sum, text) => sum + lineHeight * numLines(text), 0)

/** Labels to the right of a plot, each as near to the height of its point as the others let it, with a thin line there. */
export const columnMarks = (labels: ReadonlyArray<Label>, area: Area): Plot.Markish => {
  const x = area.right + gap
  const placed = spread(labels, area).map(({ label, y }) => ({ ...label, y1: label.y, y2: y }))
  return [
    Plot.link(placed, {
      x1: inPixels("x"),
      y1: inPixels("y1"),
      x2: inPixels(() => x - 3),
      y2: inPixels("y2"),
      stroke: inPixels("color"),
      strokeWidth: 0.75,
      strokeOpacity: 0.6
    }),
    textMarks(placed.map(({ color, text, y2 }) => ({ text, color, x, y: y2 })))
  ]
}

/** Texts that begin at their points, kept free of grid lines. */
export const textMarks = (labels: ReadonlyArray<Label>): Plot.Markish =>
  Plot.text(labels, {
    x: inPixels("x"),
    y: inPixels("y"),
    text: "text",
    fill: inPixels("color"),
    stroke: ink.ground,
    strokeWidth: 4,
    textAnchor: "start",
    lineHeight: 1.15
  })

/** The name of the y axis, level and above it, where it is read first. */
export const axisTitle = (text: string, { top }: Area): Plot.Markish =>
  Plot.text([text], { x: inPixels(() => 0), y: inPixels(() => top - 14), textAnchor: "start" })

/** A channel that is already what is drawn: pixels, or a colour. */
export const inPixels = <A>(value: A): { readonly value: A; readonly scale: null } => ({ value, scale: null })
