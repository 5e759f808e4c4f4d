import type { StudyResults } from "@moco/study/results"
import { epochChart } from "./epochChart.ts"
import { inColours, schemes } from "./inline/style.ts"
import { metricChart } from "./metricChart.ts"
import { renderPng } from "./png.ts"

/** A picture of a study, in the colours of the page that it stands in. */
export interface Chart {
  readonly name: string
  readonly svg: string
}

/** A picture of a study that stands alone, in both formats. */
export interface ChartFile extends Chart {
  readonly png: Uint8Array
}

/** Every picture of a report, for its page. */
export const draw = (results: StudyResults): ReadonlyArray<Chart> => [
  { name: "metric", svg: metricChart(results) },
  { name: "epochs", svg: epochChart(results) }
]

/** The same as files, called by their names: on light paper, and as `NAME-dark` on a dark screen. */
export const filesOf = (charts: ReadonlyArray<Chart>): ReadonlyArray<ChartFile> =>
  charts.flatMap(({ name, svg }) =>
    [
      { name, svg: inColours(svg, schemes.light) },
      { name: `${name}-dark`, svg: inColours(svg, schemes.dark) }
    ].map((chart) => ({ ...chart, png: renderPng(chart.svg) }))
  )
