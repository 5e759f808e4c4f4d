import type { CellReport, ChartData, Settings } from "@moco/study/Report"

export type Value = Settings[string]

/** The cells of one line, in the order of x. */
export interface Series {
  /** Empty where the chart has one line only. */
  readonly name: string
  readonly cells: ReadonlyArray<CellReport>
}

/** A value as a reader writes it: 1024 is `1,024`. */
export const formatValue = (value: Value): string =>
  typeof value === "number" ? value.toLocaleString("en-US", { maximumSignificantDigits: 15 }) : value

/** A value that needs no axis beside it: `K = 1,024`, and `memory bank`. */
export const nameValue = (axis: string, value: Value): string =>
  typeof value === "number" ? `${axis} = ${formatValue(value)}` : value

/** A cell in a sentence: `queue, K = 1,024`. */
export const nameCell = ({ settings }: CellReport): string =>
  Object.entries(settings)
    .map(([axis, value]) => nameValue(axis, value))
    .join(", ")

/** The place of a cell on an axis; a cell that lacks it stands in a category of its own. */
export const valueOn = ({ settings }: CellReport, axis: string): Value => settings[axis] ?? "-"

/** Whether x can be a logarithmic axis, as the chart wants. */
export const isLogarithmic = ({ cells, chart }: ChartData): boolean =>
  chart.logarithmic === true &&
  cells.every((cell) => {
    const value = valueOn(cell, chart.x)
    return typeof value === "number" && value > 0
  })

/** The values of x that occur: upwards on a logarithmic axis, otherwise in order of appearance. */
export const xValues = (data: ChartData): ReadonlyArray<Value> => {
  const values = [...new Set(data.cells.map((cell) => valueOn(cell, data.chart.x)))]
  return isLogarithmic(data) ? values.sort((a, b) => Number(a) - Number(b)) : values
}

/** The lines of a chart: cells that differ in x alone. Axes that the chart does not name tell lines apart as well. */
export const seriesOf = (data: ChartData): ReadonlyArray<Series> => {
  const { cells, chart } = data
  const order = xValues(data)
  const axes = [...new Set(cells.flatMap(({ settings }) => Object.keys(settings)))].filter(
    (axis) => axis !== chart.x && (axis === chart.series || varies(cells, axis))
  )
  const nameOf = (cell: CellReport) => axes.map((axis) => nameValue(axis, valueOn(cell, axis))).join(", ")
  const place = (cell: CellReport) => order.indexOf(valueOn(cell, chart.x))
  return [...new Set(cells.map(nameOf))].map((name) => ({
    name,
    cells: cells.filter((cell) => nameOf(cell) === name).sort((a, b) => place(a) - place(b))
  }))
}

const varies = (cells: ReadonlyArray<CellReport>, axis: string) =>
  new Set(cells.map((cell) => valueOn(cell, axis))).size > 1

/** The axes in words: `K and mechanism`. */
export const axesInWords = ({ x, series }: ChartData["chart"]): string =>
  series === undefined ? x : `${x} and ${series}`

/** Whether a cell has runs, and every one of them failed. */
export const isFailed = ({ estimate, failures }: CellReport): boolean =>
  estimate === undefined && failures.length > 0
