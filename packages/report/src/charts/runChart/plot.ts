import * as Plot from "@observablehq/plot"
import { type Area, around, axisTitle, columnMarks, columnWidth, inPixels, type Label } from "../labels.ts"
import { ink } from "../palette.ts"
import type { Point } from "./curves.ts"

/** A line of a plot, with its name at its end. */
export interface Line {
  readonly name: string
  readonly color: string
  readonly symbol: string
  readonly points: ReadonlyArray<Point>
}

/** A level that lines are compared with. */
export interface Level {
  readonly name: string
  readonly value: number
}

/** One quantity of all runs by epoch. */
export interface Quantity {
  readonly label: string
  readonly lines: ReadonlyArray<Line>
  readonly levels: ReadonlyArray<Level>
  /** Whether every point is marked: where there are few of them. */
  readonly isMarked: boolean
  readonly domain: ReadonlyArray<number>
}

const marginBottom = 40

/** The plot of a quantity; its lines are told apart by colour, by marks and by the names at their ends. */
export const quantityPlot = (quantity: Quantity, area: Area, numEpochs: number) => {
  const { domain, isMarked, label, levels, lines } = quantity
  const x: Plot.ScaleOptions = { type: "linear", domain: [0, numEpochs], range: [area.left, area.right - 6] }
  const y: Plot.ScaleOptions = { type: "linear", domain, range: [area.bottom, area.top] }
  const place = { x: Plot.scale({ x })!.apply, y: Plot.scale({ y })!.apply }
  const labels = [
    ...lines.flatMap(({ color, name, points }): ReadonlyArray<Label> => {
      const end = points.findLast(({ value }) => Number.isFinite(value))
      return end === undefined
        ? []
        : [{ text: name, color, x: place.x(end.epoch) + 4, y: place.y(end.value) }]
    }),
    ...levels.map(
      ({ name, value }): Label => ({ text: name, color: ink.baseline, x: area.right, y: place.y(value) })
    )
  ]
  return {
    x,
    y,
    ...around(area, columnWidth(labels.map(({ text }) => text)), marginBottom),
    marks: [
      Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }),
      Plot.axisY({ ticks: 5, label: null, tickSize: 0 }),
      axisTitle(label, area),
      Plot.axisX({ ticks: 6, label: "epoch", labelAnchor: "center", labelArrow: "none" }),
      Plot.ruleY(levels, {
        y: "value",
        x1: inPixels(() => area.left),
        x2: inPixels(() => area.right),
        stroke: ink.baseline,
        strokeDasharray: "5 4",
        ariaLabel: () => "level"
      }),
      lines.map((line) => lineMarks(line, isMarked)),
      columnMarks(labels, area)
    ]
  }
}

const lineMarks = ({ color, points, symbol }: Line, isMarked: boolean): Plot.Markish => [
  Plot.line(points, { x: "epoch", y: "value", stroke: color, strokeWidth: 1.5, ariaLabel: () => "run" }),
  Plot.dot(isMarked ? points : points.slice(-1), {
    x: "epoch",
    y: "value",
    fill: color,
    symbol: () => symbol,
    r: 3.5
  })
]
