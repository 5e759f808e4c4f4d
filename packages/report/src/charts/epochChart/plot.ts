import type { EpochSummary } from "@moco/study/Report"
import * as Plot from "@observablehq/plot"
import { type Area, around, axisTitle, columnMarks, inPixels, type Label } from "../labels.ts"
import { ink } from "../palette.ts"
import type { Curve, Group, Level } from "./curves.ts"

/** Length of the mark of a level, at the right end of the plot. */
const levelWidth = 24

/** One of the metrics that are drawn by epoch. */
export interface Quantity {
  readonly label: string
  readonly of: (epoch: EpochSummary) => number
  readonly domain: ReadonlyArray<number>
  readonly levelsOf: (curves: ReadonlyArray<Curve>) => ReadonlyArray<Level>
}

/** The texts beside a plot. */
export const textsOf = ({ curves }: Group, quantity: Quantity): ReadonlyArray<string> => [
  ...curves.map(({ name }) => name),
  ...levelNames(quantity.levelsOf(curves)).map(({ text }) => text)
]

/** A level that belongs to one curve of several is named and coloured like it. */
const levelNames = (levels: ReadonlyArray<Level>) =>
  levels.map(({ curves, level, name }) => {
    const [only] = curves.length === 1 && levels.length > 1 ? curves : []
    return {
      name,
      level,
      text: only === undefined ? `${name}, ${level.toFixed(2)}` : `${name}, ${only.name}`,
      color: only?.color ?? ink.baseline
    }
  })

/** What a plot by epoch is drawn from. */
interface EpochPlot {
  readonly group: Group
  readonly quantity: Quantity
  readonly area: Area
  readonly numEpochs: number
  readonly marginRight: number
  readonly marginBottom: number
}

/** One quantity of one group of curves, by epoch. */
export const epochPlot = ({ area, group, marginBottom, marginRight, numEpochs, quantity }: EpochPlot) => {
  const x: Plot.ScaleOptions = {
    type: "linear",
    domain: numEpochs === 1 ? [0, 2] : [1, numEpochs],
    range: [area.left, area.right - 6]
  }
  const y: Plot.ScaleOptions = {
    type: "linear",
    domain: quantity.domain,
    range: [area.bottom, area.top]
  }
  const place = { x: Plot.scale({ x })!.apply, y: Plot.scale({ y })!.apply }
  const levels = levelNames(quantity.levelsOf(group.curves)).map((level) => ({
    ...level,
    x: area.right,
    y: place.y(level.level)
  }))
  return {
    x,
    y,
    ...around(area, marginRight, marginBottom),
    marks: [
      axes(quantity, numEpochs, area),
      groupName(group, area),
      group.curves.map((curve) => curveMarks(curve, quantity)),
      levelMarks(levels, area),
      columnMarks([...endLabels(group.curves, quantity, place), ...levels], area)
    ]
  }
}

const axes = ({ label }: Quantity, numEpochs: number, area: Area): Plot.Markish => [
  Plot.gridY({ ticks: 5, strokeOpacity: 0.12 }),
  Plot.axisY({ ticks: 5, label: null, tickSize: 0 }),
  axisTitle(label, area),
  Plot.axisX(wholeTicks(numEpochs), {
    label: "epoch",
    labelAnchor: "center",
    labelArrow: "none",
    tickFormat: "d"
  })
]

/** About six whole numbers up to the last epoch. */
const wholeTicks = (numEpochs: number) => {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => numEpochs / step <= 6) ?? 1000
  return Array.from({ length: Math.floor(numEpochs / step) }, (_, i) => (i + 1) * step)
}

const groupName = ({ name }: Group, { top }: Area) =>
  Plot.text(name === "" ? [] : [name], {
    x: inPixels(() => 0),
    y: inPixels(() => top - 26),
    textAnchor: "start",
    lineAnchor: "bottom",
    lineHeight: 1.3,
    fontWeight: "bold"
  })

const curveMarks = ({ color, epochs }: Curve, { of }: Quantity): Plot.Markish => [
  Plot.line(epochs, {
    x: "epoch",
    y: of,
    stroke: color,
    strokeWidth: 1.5,
    ariaLabel: () => "mean over seeds"
  }),
  Plot.dot(epochs.slice(-1), { x: "epoch", y: of, fill: color, r: 2.5 })
]

const levelMarks = (levels: ReadonlyArray<Label & { readonly name: string }>, { right }: Area) =>
  Plot.ruleY(levels, {
    y: inPixels("y"),
    x1: inPixels(() => right - levelWidth),
    x2: inPixels(() => right),
    stroke: inPixels("color"),
    strokeDasharray: "4 3",
    strokeOpacity: 0.7,
    ariaLabel: "name"
  })

/** The name of a curve at its last value. */
const endLabels = (
  curves: ReadonlyArray<Curve>,
  { of }: Quantity,
  place: { readonly x: (epoch: number) => number; readonly y: (value: number) => number }
) =>
  curves.flatMap(({ color, epochs, name }): ReadonlyArray<Label> => {
    const end = epochs.findLast((epoch) => Number.isFinite(of(epoch)))
    return end === undefined ? [] : [{ text: name, color, x: place.x(end.epoch) + 4, y: place.y(of(end)) }]
  })
