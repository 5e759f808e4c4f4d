import { largest } from "../../extent.ts"
import { type Markup, markup, path } from "../../markup.ts"
import { notationOf } from "../../quantity.ts"
import { domainIn } from "../domain.ts"
import { type Area, type Label, spread } from "../spread.ts"
import { textWidth } from "../text.ts"
import { type Backdrop, backdropOf } from "./backdrop.ts"
import { axes, textSize } from "./frame.ts"
import { linear, type Scale } from "./scale.ts"

/** A value at a place along x; `low` and `high` are where it lies with a probability of 95 %. */
export interface LinePoint {
  readonly x: number
  readonly value: number
  readonly low?: number
  readonly high?: number
}

export interface ChartLine {
  /** Written at its end; a legend elsewhere names lines that have none. */
  readonly name: string
  /** Which colour and which dashes of the palette it has. */
  readonly series: number
  readonly points: ReadonlyArray<LinePoint>
}

/** What a line chart shows; it has the colours of the page that it stands in. */
export interface LineChart {
  /** What it shows, for whoever cannot see it. */
  readonly title: string
  /** What stands over the y axis. */
  readonly yLabel: string
  readonly unit: string
  readonly lines: ReadonlyArray<ChartLine>
  /** Values that the lines are compared with. */
  readonly levels?: ReadonlyArray<{ readonly name: string; readonly value: number }>
  /** The last epoch. */
  readonly xEnd: number
  /** Whether every point is marked and has its interval, where there are few of them. */
  readonly isMarked?: boolean
  /** Values that the y axis reaches, whatever the lines do. */
  readonly include?: ReadonlyArray<number>
  readonly backdrop?: Backdrop
  /** What happened at a place along x. */
  readonly moments?: ReadonlyArray<{ readonly x: number; readonly name: string }>
}

const width = 380
const height = 250
const left = 46

/** Lines by epoch beside the levels that they are compared with, as an SVG element of a page. */
export const lineChart = (chart: LineChart): Markup => {
  const { levels = [], lines, moments = [], xEnd, yLabel } = chart
  const { scale } = notationOf(chart.unit)
  const names = [...lines, ...levels].map(({ name }) => name).filter((name) => name !== "")
  const right = Math.min(
    130,
    names.length === 0 ? 14 : 20 + largest(names.map((name) => textWidth(name, textSize)))
  )
  const area: Area = {
    left,
    right: width - Math.max(right, chart.backdrop === undefined ? 0 : 52),
    top: yLabel === "" && chart.backdrop === undefined ? 10 : 26,
    bottom: height - 38
  }
  const domain = domainOf(chart, scale)
  const x = linear([0, xEnd], [area.left, area.right])
  const y = linear(domain, [area.bottom, area.top])
  const scaled: Scale = (value) => y(scale * value)
  return markup`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.title}">${
    chart.backdrop === undefined ? undefined : backdropOf(chart.backdrop, area, x)
  }${axes({ area, x: { domain: [0, xEnd], scale: x, label: "epoch" }, y: { domain, scale: y, label: yLabel } })}${moments.map(
    ({ name, x: at }) =>
      markup`<line class="moment" x1="${x(at)}" x2="${x(at)}" y1="${area.top}" y2="${area.bottom}"><title>${name}</title></line>`
  )}${levels.map(
    ({ name, value }) =>
      markup`<line class="level" x1="${area.left}" x2="${area.right}" y1="${scaled(value)}" y2="${scaled(value)}"><title>${name}</title></line>`
  )}${lines.map((line) => lineOf(line, chart, x, scaled, area))}${endLabels(chart, x, scaled, area)}</svg>`
}

/** All values that are numbers, and what is compared with, in the notation of the unit. */
const domainOf = (
  { include = [], levels = [], lines, unit }: LineChart,
  scale: number
): readonly [number, number] => {
  const values = [
    ...lines.flatMap(({ points }) =>
      points.flatMap(({ high, low, value }) => [value, low ?? value, high ?? value])
    ),
    ...levels.map(({ value }) => value),
    ...include
  ].flatMap((value) => (Number.isFinite(value) ? [scale * value] : []))
  const [low = 0, high = 1] = domainIn(unit, values)
  return [low, high]
}

/** Marks of a line that can be told apart. */
const maxMarks = 40

const lineOf = (
  { name, points, series }: ChartLine,
  { unit, ...chart }: LineChart,
  x: Scale,
  y: Scale,
  area: Area
): Markup => {
  const finite = points.filter(({ value }) => Number.isFinite(value))
  const isMarked = chart.isMarked === true && finite.length <= maxMarks
  const whiskers = (isMarked ? finite : []).flatMap(({ high, low, x: at }) =>
    low === undefined || high === undefined || !Number.isFinite(low + high)
      ? []
      : [
          markup`<line class="whisker s${series % 7}" x1="${x(at)}" x2="${x(at)}" y1="${y(low)}" y2="${y(high)}"/>`
        ]
  )
  const marks = (isMarked ? finite : finite.slice(-1)).map(
    (point) =>
      markup`<circle class="f${series % 7}" cx="${x(point.x)}" cy="${y(point.value)}" r="3.2"><title>${name === "" ? "" : `${name}, `}epoch ${String(Number(point.x.toFixed(2)))}: ${inUnit(unit, point.value)}</title></circle>`
  )
  const lost = points.find(({ value }) => !Number.isFinite(value))
  return markup`${segments(points).map(
    (segment) =>
      markup`<path class="line s${series % 7} d${Math.floor(series / 7) % 3}" d="${path(segment.map((point) => [x(point.x), y(point.value)]))}"/>`
  )}${whiskers}${marks}${
    lost === undefined
      ? undefined
      : markup`<text class="bad small" x="${Math.min(x(lost.x), area.right - 60)}" y="${area.top + 12}">not finite</text>`
  }`
}

const inUnit = (unit: string, value: number): string => {
  const { digits, suffix } = notationOf(unit)
  return suffix === "" ? digits(value) : `${digits(value)} ${suffix}`
}

/** Where a line has a number throughout. */
const segments = (points: ReadonlyArray<LinePoint>): ReadonlyArray<ReadonlyArray<LinePoint>> => {
  const all: Array<Array<LinePoint>> = [[]]
  for (const point of points) {
    if (Number.isFinite(point.value)) all.at(-1)!.push(point)
    else if (all.at(-1)!.length > 0) all.push([])
  }
  return all.filter((segment) => segment.length > 1)
}

/** The names of lines and levels, beside where they end. */
const endLabels = (
  { levels = [], lines }: LineChart,
  x: Scale,
  y: Scale,
  area: Area
): ReadonlyArray<Markup> => {
  const labels: ReadonlyArray<Label> = [
    ...lines.flatMap(({ name, points, series }): ReadonlyArray<Label> => {
      const end = points.findLast(({ value }) => Number.isFinite(value))
      return end === undefined || name === ""
        ? []
        : [{ text: name, color: `f${series % 7}`, x: x(end.x), y: y(end.value) }]
    }),
    ...levels.map(({ name, value }) => ({ text: name, color: "quiet", x: area.right, y: y(value) }))
  ]
  return spread(labels, area).map(
    ({ label, y: at }) =>
      markup`<line class="leader" x1="${label.x + 4}" y1="${label.y}" x2="${area.right + 11}" y2="${at}"/><text class="${label.color}" x="${area.right + 14}" y="${at + 4}">${label.text}</text>`
  )
}
