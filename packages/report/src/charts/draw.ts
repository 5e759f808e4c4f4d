import type { StudyResults } from "@moco/study/results"
import { epochChart } from "./epochChart.ts"
import { metricChart } from "./metricChart.ts"
import { renderPng } from "./png.ts"

/** A picture of a study, in both formats. */
export interface Chart {
  /** What its files are called. */
  readonly name: string
  readonly svg: string
  readonly png: Uint8Array
}

/** Every picture of a report. */
export const draw = (results: StudyResults): ReadonlyArray<Chart> =>
  drawSvg(results).map((chart) => ({ ...chart, png: renderPng(chart.svg) }))

/** The same for a page, which shows no PNG. */
export const drawSvg = (results: StudyResults): ReadonlyArray<Omit<Chart, "png">> => [
  { name: "metric", svg: metricChart(results) },
  { name: "epochs", svg: epochChart(results) }
]
