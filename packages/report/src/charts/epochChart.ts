import type { ChartData, EpochSummary } from "@moco/study/Report"
import { allStepMetrics, type StepMetric } from "@moco/train/stepMetrics"
import { largest } from "../extent.ts"
import { axisHead, notationOf } from "../quantity.ts"
import { axesInWords, isFailed, nameCell } from "./cells.ts"
import { domainIn } from "./domain.ts"
import { type Curve, groupsOf, levelsIn } from "./epochChart/curves.ts"
import { epochPlot, type Quantity, textsOf } from "./epochChart/plot.ts"
import { standAlone } from "./frame.ts"
import { columnHeight, columnWidth } from "./labels.ts"
import { inWords, lineHeight, numLines, wrap } from "./text.ts"
import { visible } from "./visible.ts"

const left = 50
const plotWidth = 230
const marginBottom = 40
/** For the name of the y axis, over a plot. */
const titleHeight = 22
/** For the name of a group, over that. */
const nameHeight = lineHeight + 4
/** Between a row and the next. */
const rowGap = 12
/** Between one metric and the next. */
const gutter = 12

/**
 * What the steps of every cell of a study have measured by epoch, as an SVG in the colours of a page: the means over the seeds, beside
 * the levels that they are compared with. Series with several x each have a row, all rows with the same axes.
 */
export const epochChart = (given: ChartData): string => {
  const data = visible(given)
  const groups = groupsOf(data).map((group) => ({
    ...group,
    name: wrap(group.name, 0.9 * (left + plotWidth))
  }))
  const curves = groups.flatMap((group) => group.curves)
  const quantities = drawnByEpoch.map((metric) => quantityOf(metric, curves))
  const numEpochs = largest(
    curves.flatMap(({ epochs }) => epochs.map(({ epoch }) => epoch)),
    1
  )
  const columns = quantities.map((quantity) =>
    Math.max(...groups.map((group) => columnWidth(textsOf(group, quantity))))
  )
  const height = Math.max(
    180,
    ...groups.flatMap((group) => quantities.map((quantity) => columnHeight(textsOf(group, quantity)) + 10))
  )
  const top =
    titleHeight + nameHeight * Math.max(...groups.map(({ name }) => (name === "" ? 0 : numLines(name))))
  const panels = groups.flatMap((group, row) =>
    quantities.map((quantity, i) => {
      const area = { left, right: left + plotWidth, top, bottom: top + height }
      return {
        x: columns.slice(0, i).reduce((x, width) => x + area.right + width + gutter, 0),
        y: row * (area.bottom + marginBottom + rowGap),
        plot: epochPlot({ group, quantity, area, numEpochs, marginRight: columns[i]!, marginBottom })
      }
    })
  )
  const names = inWords(drawnByEpoch.map(([, { metric }]) => metric))
  const title = `${data.study}: ${names} by epoch, for every ${axesInWords(data.chart)}`
  return standAlone({ title, notes: notesOf(data), panels })
}

const notesOf = ({ cells }: ChartData): ReadonlyArray<string> => {
  const numSeeds = largest(
    cells.map(({ values }) => values.length),
    0
  )
  const failed = cells.filter(isFailed).map(nameCell)
  const names = failed.length > 4 ? `${failed.length} cells` : inWords(failed)
  return [
    ...(numSeeds === 0
      ? ["no run has finished"]
      : [numSeeds === 1 ? "one seed" : "means over the seeds that finished", ...levelNotes]),
    ...(failed.length === 0 ? [] : [`no line, as every run failed: ${names}`])
  ]
}

type Drawn = readonly [key: string, metric: StepMetric]

/** The metrics that are drawn by epoch, in the order in which they are described. */
const drawnByEpoch: ReadonlyArray<Drawn> = Object.entries(allStepMetrics).filter(
  ([, { isByEpoch }]) => isByEpoch
)

/** What the dashes are. */
const levelNotes = drawnByEpoch.flatMap(([, { levels = {} }]) =>
  Object.entries(levels).map(([name, key]) => `dashes: the ${allStepMetrics[key]!.protocol} (${name})`)
)

/** What is drawn of a metric, in the notation of its unit: a fraction and its levels in %. */
export const quantityOf = (
  [key, { levels = {}, metric, unit }]: Drawn,
  curves: ReadonlyArray<Curve>
): Quantity => {
  const { scale } = notationOf(unit)
  const of = ({ metrics }: EpochSummary) => scale * (metrics[key] ?? Number.NaN)
  const values = curves.flatMap(({ epochs }) => epochs.map(of)).filter(Number.isFinite)
  const levelsOf = (some: ReadonlyArray<Curve>) =>
    Object.entries(levels)
      .flatMap(([name, key]) => levelsIn(some, name, key))
      .map((found) => ({ ...found, level: scale * found.level }))
  const places = [...values, ...levelsOf(curves).map(({ level }) => level)]
  return { label: axisHead({ metric, unit }), of, domain: domainIn(unit, places), levelsOf }
}
