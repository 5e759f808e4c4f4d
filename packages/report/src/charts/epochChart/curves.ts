import type { CellReport, ChartData, EpochSummary } from "@moco/study/Report"
import { nameValue, type Series, seriesOf, valueOn, xValues } from "../cells.ts"
import { categoryColor, sequence } from "../palette.ts"
import { wrap } from "../text.ts"

/** One cell of a study, by epoch. */
export interface Curve {
  readonly name: string
  readonly color: string
  readonly epochs: ReadonlyArray<EpochSummary>
  /** Levels that its metrics are compared with, by key. */
  readonly levels: CellReport["levels"]
}

/** Curves that are drawn into the same axes. */
export interface Group {
  /** Empty where there is only one. */
  readonly name: string
  readonly curves: ReadonlyArray<Curve>
}

/** A level that a metric is compared with, and the curves that have it. */
export interface Level {
  readonly name: string
  readonly level: number
  readonly curves: ReadonlyArray<Curve>
}

/** Longer names are broken into lines. */
const nameWidth = 150

/**
 * One group a series, with a colour for every x, where series have several x; otherwise all in one group, coloured by
 * series, or by x where there is one series.
 */
export const groupsOf = (data: ChartData): ReadonlyArray<Group> => {
  const series = seriesOf(data)
  if (series.length === 1 || series.some(({ cells }) => cells.length > 1)) {
    const colors = colorsOfX(data)
    const nameOf = (cell: CellReport) => nameValue(data.chart.x, valueOn(cell, data.chart.x))
    return series.map(({ cells, name }) => ({
      name,
      curves: cells.flatMap((cell) => curveOf(cell, nameOf(cell), colors.get(valueOn(cell, data.chart.x))!))
    }))
  }
  return [{ name: "", curves: series.flatMap((line, i) => singleCurve(line, i)) }]
}

const singleCurve = ({ cells, name }: Series, i: number) =>
  cells.flatMap((cell) => curveOf(cell, name, categoryColor(i)))

/** Numbers go from light to dark as they grow. */
const colorsOfX = (data: ChartData) => {
  const values = xValues(data)
  if (!values.every((value) => typeof value === "number")) {
    return new Map(values.map((value, i) => [value, categoryColor(i)]))
  }
  const shades = sequence(values.length)
  const sorted = [...values].sort((a, b) => a - b)
  return new Map(sorted.map((value, i) => [value, shades[i]!]))
}

const curveOf = ({ curve, levels }: CellReport, name: string, color: string): ReadonlyArray<Curve> =>
  curve.length === 0 ? [] : [{ name: wrap(name, nameWidth), color, epochs: curve, levels }]

/** The distinct levels of this key, from high to low. */
export const levelsIn = (curves: ReadonlyArray<Curve>, name: string, key: string): ReadonlyArray<Level> => {
  const all = curves.flatMap(({ levels }) => {
    const level = levels[key]
    return level === undefined || !Number.isFinite(level) ? [] : [level]
  })
  return [...new Set(all)]
    .sort((a, b) => b - a)
    .map((level) => ({ name, level, curves: curves.filter(({ levels }) => levels[key] === level) }))
}
