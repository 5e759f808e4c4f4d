import * as Plot from "@observablehq/plot"
import { lineHeight, numLines, textWidth } from "./text.ts"

/** A text that belongs to a point of a plot; all in pixels. */
export interface Label {
  /** May have several lines. */
  readonly text: string
  readonly color: string
  /** The point that it belongs to. */
  readonly x: number
  readonly y: number
}

/** The part of a plot between its axes, in pixels. */
export interface Area {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

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
    stroke: "white",
    strokeWidth: 4,
    textAnchor: "start",
    lineHeight: 1.15
  })

/** The name of the y axis, level and above it, where it is read first. */
export const axisTitle = (text: string, { top }: Area): Plot.Markish =>
  Plot.text([text], { x: inPixels(() => 0), y: inPixels(() => top - 14), textAnchor: "start" })

/** A channel that is already what is drawn: pixels, or a colour. */
export const inPixels = <A>(value: A): { readonly value: A; readonly scale: null } => ({ value, scale: null })

/**
 * Moves labels apart that would cover each other, altogether as little as can be (least squares, by pooling
 * neighbours), and keeps them inside the area.
 */
export const spread = (
  labels: ReadonlyArray<Label>,
  { bottom, top }: Pick<Area, "bottom" | "top">
): ReadonlyArray<{ readonly label: Label; readonly y: number }> => {
  const sorted = [...labels].sort((a, b) => a.y - b.y)
  let height = 0
  // The place of a label's middle in a column without gaps, and so where that column would have to begin.
  const wanted = sorted.map((label) => {
    const own = lineHeight * numLines(label.text)
    const offset = height + own / 2
    height += own
    return { offset, start: label.y - offset }
  })
  const starts = pooled(wanted.map(({ start }) => start))
  return sorted.map((label, i) => ({
    label,
    y: wanted[i]!.offset + Math.max(top, Math.min(bottom - height, starts[i]!))
  }))
}

/** The nearest numbers that never fall (isotonic regression). */
const pooled = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const pools: Array<{ mean: number; size: number }> = []
  for (const value of values) {
    let pool = { mean: value, size: 1 }
    for (let last = pools.at(-1); last !== undefined && last.mean > pool.mean; last = pools.at(-1)) {
      const size = last.size + pool.size
      pool = { mean: (last.mean * last.size + pool.mean * pool.size) / size, size }
      pools.pop()
    }
    pools.push(pool)
  }
  return pools.flatMap(({ mean, size }) => Array<number>(size).fill(mean))
}
