import type { Metric } from "@moco/evaluation/Measurement"
import type { CellReport, ChartData } from "@moco/study/Report"
import * as Plot from "@observablehq/plot"
import { notationOf } from "../../quantity.ts"
import { formatValue, isFailed, isLogarithmic, type Series, type Value, valueOn, xValues } from "../cells.ts"
import { domainIn } from "../domain.ts"
import type { Area } from "../labels.ts"
import { categoryColor, categorySymbol } from "../palette.ts"
import { lineHeight, numLines, textWidth, wrap } from "../text.ts"

/** Where everything of a metric's chart stands, in pixels, so that labels can be kept off the data. */
export interface Layout {
  readonly area: Area
  readonly x: Plot.ScaleOptions
  readonly y: Plot.ScaleOptions
  readonly ticks: ReadonlyArray<{ readonly value: Value; readonly text: string }>
  readonly marginBottom: number
  readonly lines: ReadonlyArray<Line>
  readonly baselines: ReadonlyArray<{ readonly name: string; readonly y: number }>
  /** The height at which failed cells are marked; absent where none has failed. */
  readonly failedY: number | undefined
}

export interface Line {
  readonly name: string
  readonly color: string
  readonly symbol: string
  /** A cell without a result is a gap: its y is NaN. */
  readonly points: ReadonlyArray<Point>
  /** Whether it reaches the last value of x. */
  readonly isWhole: boolean
}

interface Point {
  readonly x: number
  readonly y: number
  readonly ci: { readonly low: number; readonly high: number } | undefined
  readonly seeds: ReadonlyArray<number>
  readonly isFailed: boolean
}

export type Baseline = { readonly name: string; readonly value: number }

const left = 50
const innerHeight = 270
/** Room under the data in which failed cells are marked. */
const failedHeight = 30

/** @param top  where the plot begins: under a legend, if there is one */
export const layout = (
  data: ChartData,
  series: ReadonlyArray<Series>,
  baselines: ReadonlyArray<Baseline>,
  top: number
): Layout => {
  const across = horizontal(data, series.length)
  const bottom = top + innerHeight
  const failedY = data.cells.some(isFailed) ? bottom - 12 : undefined
  const domain = valueDomain(data, baselines)
  const range = [failedY === undefined ? bottom : bottom - failedHeight, top]
  const y: Plot.ScaleOptions = { type: "linear", domain, range }
  const yOf = applied(y)
  const xOf = applied(across.x)
  const lines = series.map(({ cells, name }, i) => ({
    name,
    color: categoryColor(i),
    symbol: categorySymbol(i),
    isWhole: endsAt(cells, data.chart.x) === xValues(data).at(-1),
    points: cells.map((cell) => ({
      ...pointOf(cell, (value) => yOf(inside(data.metric, value))),
      x: xOf(valueOn(cell, data.chart.x)) + (i - (series.length - 1) / 2) * across.dodge
    }))
  }))
  return {
    ...across,
    area: { left, right: across.right, top, bottom },
    y,
    lines,
    baselines: baselines.map(({ name, value }) => ({ name, y: yOf(drawn(data.metric, value)) })),
    failedY
  }
}

const endsAt = (cells: ReadonlyArray<CellReport>, axis: string): Value | undefined => {
  const end = cells.findLast(hasEstimate)
  return end === undefined ? undefined : valueOn(end, axis)
}

/** A result that can be drawn. */
export const hasEstimate = ({ estimate }: CellReport): boolean =>
  estimate !== undefined && Number.isFinite(estimate.mean)

/** A value as it is drawn: a part in %. */
export const drawn = ({ unit }: Metric, value: number): number => notationOf(unit).scale * value

/** The same, within what it can be at all: an interval may reach beyond. */
const inside = (metric: Metric, value: number): number => {
  const [least, most] = notationOf(metric.unit).limits
  return Math.max(least, Math.min(most, drawn(metric, value)))
}

const pointOf = (cell: CellReport, yOf: (value: number) => number): Omit<Point, "x"> => {
  const { estimate, values } = cell
  if (estimate === undefined || !hasEstimate(cell)) {
    return { y: Number.NaN, ci: undefined, seeds: [], isFailed: isFailed(cell) }
  }
  const { ci, mean } = estimate
  return {
    y: yOf(mean),
    ci: ci === undefined ? undefined : { low: yOf(ci.low), high: yOf(ci.high) },
    seeds: values.map(({ value }) => yOf(value)),
    isFailed: false
  }
}

const applied = (options: Plot.ScaleOptions): ((value: Value) => number) => Plot.scale({ x: options })!.apply

/** Everything that is drawn over y. */
const valueDomain = (data: ChartData, baselines: ReadonlyArray<Baseline>) =>
  domainIn(data.metric.unit, [
    ...(valueRange(data) ?? []),
    ...baselines.map(({ value }) => drawn(data.metric, value))
  ])

/** From the lowest to the highest thing that is drawn of the cells. */
export const valueRange = ({
  cells,
  metric
}: Pick<ChartData, "cells" | "metric">): readonly [number, number] | undefined => {
  const all = cells.filter(hasEstimate).flatMap(({ estimate, values }) => {
    const { ci, mean } = estimate!
    return [mean, ...(ci === undefined ? [] : [ci.low, ci.high]), ...values.map(({ value }) => value)]
  })
  if (all.length === 0) return undefined
  const places = all.map((value) => inside(metric, value))
  return [Math.min(...places), Math.max(...places)]
}

/** The scale of x, its ticks, and by how much lines step aside for each other. */
const horizontal = (data: ChartData, numSeries: number) =>
  isLogarithmic(data) && xValues(data).length > 1
    ? logarithmic(xValues(data).map(Number), numSeries)
    : categorical(xValues(data), numSeries)

const categorical = (values: ReadonlyArray<Value>, numSeries: number) => {
  const longestWord = Math.max(
    ...values.flatMap((value) => formatValue(value).split(/\s+/)).map((word) => textWidth(word))
  )
  const slot = Math.ceil(Math.max(Math.min(120, 480 / values.length), longestWord + 12, 12 * numSeries + 24))
  const right = left + Math.max(240, slot * values.length)
  const half = (right - left) / values.length / 2
  const ticks = values.map((value) => ({ value, text: wrap(formatValue(value), 2 * half - 10) }))
  return {
    x: {
      type: "point",
      domain: values,
      range: [left + half, right - half],
      padding: 0
    } satisfies Plot.ScaleOptions,
    ticks,
    right,
    dodge: Math.min(14, (2 * half - 16) / numSeries),
    marginBottom: marginBelow(ticks)
  }
}

const logarithmic = (values: ReadonlyArray<number>, numSeries: number) => {
  const right = left + 480
  const inset = 30 + 5 * numSeries
  const x = {
    type: "log",
    domain: [values[0]!, values.at(-1)!],
    range: [left + inset, right - inset]
  } satisfies Plot.ScaleOptions
  const places = values.map(applied(x))
  const closest = Math.min(...places.slice(1).map((place, i) => place - places[i]!))
  const ticks = staggered(values, places)
  return {
    x,
    ticks,
    right,
    dodge: Math.max(7, Math.min(12, closest / (numSeries + 1))),
    marginBottom: marginBelow(ticks)
  }
}

/** Labels that would cover the one before go to the next row. */
const staggered = (values: ReadonlyArray<number>, places: ReadonlyArray<number>) => {
  const ends: Array<number> = []
  return values.map((value, i) => {
    const half = textWidth(formatValue(value)) / 2
    const free = ends.findIndex((end) => end + 6 < places[i]! - half)
    const row = free < 0 ? ends.length : free
    ends[row] = places[i]! + half
    return { value, text: `${"\n".repeat(row)}${formatValue(value)}` }
  })
}

const marginBelow = (ticks: ReadonlyArray<{ readonly text: string }>) =>
  28 + lineHeight * Math.max(...ticks.map(({ text }) => numLines(text)))
