import type { ChartData } from "@moco/study/Report"
import * as Plot from "@observablehq/plot"
import { axisHead, partsOf } from "../../quantity.ts"
import { axisTitle, inPixels } from "../labels.ts"
import { ink } from "../palette.ts"
import type { Layout, Line } from "./layout.ts"

export const axes = (
  { chart, metric }: ChartData,
  { area, failedY, marginBottom, ticks }: Layout
): Plot.Markish => [
  Plot.gridY({ ticks: 6, strokeOpacity: 0.12 }),
  Plot.axisY({ ticks: 6, label: null, tickSize: 0 }),
  axisTitle(axisHead({ metric: partsOf(metric).what, unit: metric.unit }), area),
  Plot.axisX(
    ticks.map(({ value }) => value),
    {
      // As text and not as format: of a format, a logarithmic axis shows round numbers only.
      text: (value) => ticks.find((tick) => tick.value === value)!.text,
      label: chart.x,
      labelAnchor: "center",
      labelArrow: "none",
      labelOffset: marginBottom - 4,
      lineHeight: 1.15
    }
  ),
  failedY === undefined
    ? []
    : Plot.text(["failed"], {
        x: inPixels(() => 41),
        y: inPixels(() => failedY),
        textAnchor: "end",
        fill: ink.failed
      })
]

export const baselineMarks = ({ area, baselines }: Layout) =>
  Plot.ruleY(baselines, {
    y: inPixels("y"),
    x1: inPixels(() => area.left),
    x2: inPixels(() => area.right),
    stroke: ink.baseline,
    strokeDasharray: "5 4",
    ariaLabel: () => "baseline"
  })

/** Beside the bars, so that neither hides the other. */
export const seedMarks = ({ color, points }: Line) =>
  Plot.dot(
    points.flatMap(({ seeds, x }) => (seeds.length < 2 ? [] : seeds.map((y) => ({ x: x + 6, y })))),
    {
      x: inPixels("x"),
      y: inPixels("y"),
      r: 1.6,
      fill: color,
      fillOpacity: 0.45,
      ariaLabel: () => "single seeds"
    }
  )

export const lineMarks = ({ color, points, symbol }: Line): Plot.Markish => {
  const bars = points.flatMap(({ ci, x }) => (ci === undefined ? [] : [{ x, y1: ci.low, y2: ci.high }]))
  const caps = bars.flatMap(({ x, y1, y2 }) => [y1, y2].map((y) => ({ y, x1: x - 4, x2: x + 4 })))
  const at = { x: inPixels("x"), y: inPixels("y") }
  return [
    Plot.line(points, { ...at, stroke: color, strokeWidth: 1.5, strokeOpacity: 0.75 }),
    Plot.ruleX(bars, {
      x: at.x,
      y1: inPixels("y1"),
      y2: inPixels("y2"),
      stroke: color,
      strokeWidth: 1.5,
      ariaLabel: () => "95 % interval"
    }),
    Plot.ruleY(caps, {
      y: at.y,
      x1: inPixels("x1"),
      x2: inPixels("x2"),
      stroke: color,
      strokeWidth: 1.5,
      ariaLabel: () => "end of interval"
    }),
    Plot.dot(points, {
      ...at,
      fill: color,
      stroke: ink.ground,
      strokeWidth: 0.75,
      r: 3.8,
      symbol: () => symbol,
      ariaLabel: () => "mean"
    })
  ]
}

export const failedMarks = ({ failedY, lines }: Layout) =>
  failedY === undefined
    ? []
    : lines.map(({ color, points }) =>
        Plot.dot(
          points.filter(({ isFailed }) => isFailed),
          {
            x: inPixels("x"),
            y: inPixels(() => failedY),
            symbol: "times",
            r: 5,
            stroke: color,
            strokeWidth: 2,
            ariaLabel: () => "failed"
          }
        )
      )
