import type { ChartData, EpochSummary } from "@moco/study/Report"
import { axesInWords, isFailed, nameCell } from "./cells.ts"
import { paddedDomain } from "./domain.ts"
import { standAlone } from "./frame.ts"
import { columnHeight, columnWidth } from "./labels.ts"
import { type Curve, chancesOf, groupsOf } from "./lossChart/curves.ts"
import { epochPlot, type Quantity, textsOf } from "./lossChart/plot.ts"
import { lineHeight, numLines, wrap } from "./text.ts"
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
/** Between the loss and the pretext accuracy. */
const gutter = 12

/**
 * Loss and pretext accuracy of every cell of a study by epoch, as a stand-alone SVG: the means over the seeds, beside
 * the loss of features that know nothing. Series with several x each have a row, all rows with the same axes.
 */
export const lossChart = (given: ChartData): string => {
  const data = visible(given)
  const groups = groupsOf(data).map((group) => ({
    ...group,
    name: wrap(group.name, 0.9 * (left + plotWidth))
  }))
  const curves = groups.flatMap((group) => group.curves)
  const quantities = quantitiesOf(curves)
  const numEpochs = Math.max(1, ...curves.flatMap(({ epochs }) => epochs.map(({ epoch }) => epoch)))
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
        x: i === 0 ? 0 : area.right + columns[0]! + gutter,
        y: row * (area.bottom + marginBottom + rowGap),
        plot: epochPlot({ group, quantity, area, numEpochs, marginRight: columns[i]!, marginBottom })
      }
    })
  )
  const title = `${data.study}: loss and pretext accuracy by epoch, for every ${axesInWords(data.chart)}`
  return standAlone({ title, notes: notesOf(data), panels })
}

const notesOf = ({ cells }: ChartData): ReadonlyArray<string> => {
  const numSeeds = Math.max(0, ...cells.map(({ values }) => values.length))
  const failed = cells.filter(isFailed).map(nameCell)
  const names = failed.length > 4 ? `${failed.length} cells` : failed.join(" and ")
  return [
    ...(numSeeds === 0
      ? ["no run has finished"]
      : [
          numSeeds === 1 ? "one seed" : "means over the seeds that finished",
          "dashes: the loss of features that know nothing (chance)"
        ]),
    ...(failed.length === 0 ? [] : [`no line, as every run failed: ${names}`])
  ]
}

const quantitiesOf = (curves: ReadonlyArray<Curve>): ReadonlyArray<Quantity> => {
  const loss = ({ loss }: EpochSummary) => loss
  const pretext = ({ pretextAccuracy }: EpochSummary) => 100 * pretextAccuracy
  const all = (of: Quantity["of"]) => curves.flatMap(({ epochs }) => epochs.map(of)).filter(Number.isFinite)
  return [
    {
      label: "loss (nats)",
      of: loss,
      domain: paddedDomain([...all(loss), ...chancesOf(curves).map(({ level }) => level)], {
        least: 0.2,
        limits: [0, Number.POSITIVE_INFINITY],
        otherwise: [0, 1]
      }),
      chancesOf
    },
    {
      label: "pretext accuracy (%)",
      of: pretext,
      domain: paddedDomain(all(pretext), { least: 2, limits: [0, 100], otherwise: [0, 100] }),
      chancesOf: () => []
    }
  ]
}
