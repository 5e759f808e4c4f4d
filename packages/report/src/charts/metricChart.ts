import type { ChartData } from "@moco/study/Report"
import { notationOf, written } from "../quantity.ts"
import { axesInWords, seriesOf } from "./cells.ts"
import { standAlone } from "./frame.ts"
import { around, columnHeight, columnMarks, columnWidth, type Label, textMarks } from "./labels.ts"
import { type Baseline, drawn, hasEstimate, type Layout, layout, valueRange } from "./metricChart/layout.ts"
import { legendEnd, legendMarks, legendOf } from "./metricChart/legend.ts"
import { axes, baselineMarks, failedMarks, lineMarks, seedMarks } from "./metricChart/marks.ts"
import { placeInside } from "./metricChart/place.ts"
import { ink } from "./palette.ts"
import { lineHeight, wrap } from "./text.ts"
import { visible } from "./visible.ts"

const top = 22
/** Longer names are broken into lines. */
const nameWidth = 170

/**
 * The metric of a study, of every cell along its x axis, as an SVG in the colours of a page: means with their 95 % t-intervals and the
 * single seeds, one line a series, over the baselines.
 */
export const metricChart = (given: ChartData): string => {
  const data = visible(given)
  const { far, near } = baselinesOf(data)
  const series = seriesOf(data).map(({ cells, name }) => ({ cells, name: wrap(name, nameWidth) }))
  const direct = layout(data, series, near, top)
  const labels = directLabels(direct)
  const legend = labels === undefined ? legendOf(direct) : []
  const legendHeight = legend.length === 0 ? 0 : Math.max(...legend.map(({ y }) => y)) + lineHeight
  const final = labels === undefined ? layout(data, series, near, top + legendHeight) : direct
  const column = [
    ...final.baselines.map((baseline) => baselineLabel(baseline, final)),
    ...(labels?.column ?? [])
  ]
  const { area, marginBottom, x, y } = final
  const marginRight = Math.max(columnWidth(column.map(({ text }) => text)), legendEnd(legend) - area.right)
  const plot = {
    x,
    y,
    ...around(area, marginRight, marginBottom),
    marks: [
      axes(data, final),
      baselineMarks(final),
      final.lines.map(seedMarks),
      final.lines.map(lineMarks),
      failedMarks(final),
      columnMarks(column, area),
      textMarks(labels?.inside ?? []),
      legendMarks(legend)
    ]
  }
  const title = `${data.study}: ${data.metric.metric} by ${axesInWords(data.chart)}`
  return standAlone({ title, notes: notesOf(data, far), panels: [{ x: 0, y: 0, plot }] })
}

/** Baselines that the data leave room for, and those so far away that they would squash the data. */
const baselinesOf = (data: ChartData) => {
  const { baselines, cells, metric } = data
  const all = baselines.flatMap(
    ({ subject, value }): ReadonlyArray<Baseline> =>
      Number.isFinite(value) ? [{ name: subject, value }] : []
  )
  const [low, high] = valueRange(data) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  // A single cell has no differences that could be squashed.
  const reach =
    cells.filter(hasEstimate).length > 1
      ? 0.4 * Math.max(high - low, 2 * notationOf(metric.unit).least)
      : Number.POSITIVE_INFINITY
  const isNear = (baseline: Baseline) => {
    const place = drawn(metric, baseline.value)
    return place >= low - reach && place <= high + reach
  }
  return { near: all.filter(isNear), far: all.filter((baseline) => !isNear(baseline)) }
}

const notesOf = ({ cells, metric }: ChartData, far: ReadonlyArray<Baseline>): ReadonlyArray<string> => {
  const counts = cells.filter(hasEstimate).map(({ estimate }) => estimate!.n)
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)]
  const seeds = `${fewest === most ? most : `${fewest} to ${most}`} seeds`
  const numFailed = cells.reduce((sum, { failures }) => sum + failures.length, 0)
  return [
    counts.length === 0
      ? "no run has finished"
      : most === 1
        ? "one seed"
        : `means; bars: 95 % t-interval over ${seeds}; small dots: single seeds`,
    ...(numFailed === 0 ? [] : [`failed runs, left out: ${numFailed}`]),
    ...far.map(({ name, value }) => `${name} at ${written(metric, value)}, off the scale`)
  ]
}

const baselineLabel = ({ name, y }: Layout["baselines"][number], { area }: Layout): Label => ({
  text: name,
  color: ink.baseline,
  x: area.right,
  y
})

/** A label at the end of every line; undefined where they would collide. */
const directLabels = ({ area, baselines, lines }: Layout) => {
  const named = lines.filter(({ name }) => name !== "")
  const column = named
    .filter(({ isWhole }) => isWhole)
    .map(({ color, name, points }) => {
      const end = points.findLast(({ y }) => Number.isFinite(y))!
      return { text: name, color, x: end.x + 9, y: end.y }
    })
  const texts = [...column.map(({ text }) => text), ...baselines.map(({ name }) => name)]
  if (columnHeight(texts) > area.bottom - area.top) return undefined
  const dashed = baselines.map(({ y }) => ({ ...area, top: y - 1, bottom: y + 1 }))
  const inside = placeInside(
    named.filter(({ isWhole }) => !isWhole),
    lines,
    area,
    dashed
  )
  return inside === undefined ? undefined : { column, inside }
}
