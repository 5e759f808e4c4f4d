import * as Escape from "@moco/core/Escape"
import type { Measurement, Metric } from "@moco/evaluation/Measurement"
import type { ChartData, Settings } from "@moco/study/Report"

/**
 * What a chart is drawn from, with every word as it is to be seen: what has no picture is spelled out before room is
 * made for it, and SVG could not hold it.
 */
export const visible = (data: ChartData): ChartData => ({
  ...data,
  study: Escape.line(data.study),
  chart: {
    ...data.chart,
    x: Escape.line(data.chart.x),
    ...(data.chart.series === undefined ? {} : { series: Escape.line(data.chart.series) })
  },
  metric: visibleMetric(data.metric),
  baselines: data.baselines.map(visibleMeasurement),
  cells: data.cells.map((cell) => ({ ...cell, settings: visibleSettings(cell.settings) }))
})

const visibleMetric = <M extends Metric>(metric: M): M => ({
  ...metric,
  metric: Escape.line(metric.metric),
  unit: Escape.line(metric.unit)
})

/** A measurement with every word as it is to be seen. */
export const visibleMeasurement = (measurement: Measurement): Measurement => ({
  ...visibleMetric(measurement),
  subject: Escape.line(measurement.subject)
})

const visibleSettings = (settings: Settings): Settings =>
  Object.fromEntries(
    Object.entries(settings).map(([axis, value]) => [
      Escape.line(axis),
      typeof value === "string" ? Escape.line(value) : value
    ])
  )
