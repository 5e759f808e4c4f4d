import type { Measurement } from "@moco/evaluation/Measurement"
import { isBaseline, untrainedEncoder } from "@moco/evaluation/subjects"
import { type ChartLine, type LinePoint, lineChart } from "../../charts/inline/lineChart.ts"
import { thinned } from "../../charts/inline/thinned.ts"
import { baselinesOf, type DrawnRun, metricsOf } from "../../charts/runChart/curves.ts"
import { type Markup, markup } from "../../markup.ts"
import { notationOf, written } from "../../quantity.ts"
import { card, cards, missing, type Section } from "../page.ts"
import { howToRead, meaningsOf } from "./explain.ts"

/** More charts than this are more than anybody looks at. */
const maxCharts = 40

/** Every metric that was evaluated, by epoch, beside its baselines. */
export const scores = (run: DrawnRun): Section => {
  const metrics = metricsOf([run])
  const charts = metrics
    .slice(0, maxCharts)
    .map((metric) => card(metric.metric, scoreChart([run], metric), metric.protocol))
  const more = metrics.length - maxCharts
  const body =
    metrics.length === 0
      ? missing(
          "Nothing has been evaluated: the config names no evaluation, or the run ended before the first one."
        )
      : markup`<p>${howToRead.scores}</p>${cards(charts)}${more > 0 ? missing(`${more} more metrics are in the table at the top.`) : undefined}${meanings(metrics)}`
  return { id: "scores", heading: "Scores over the epochs", body }
}

/** What is measured, in words, each kind once. */
export const meanings = (metrics: ReadonlyArray<{ readonly metric: string }>): Markup => {
  const lines = meaningsOf(metrics.map(({ metric }) => metric))
  return lines.length === 0
    ? markup``
    : markup`<ul class="how">${lines.map((line) => markup`<li>${line}</li>`)}</ul>`
}

type Named = Pick<Measurement, "metric" | "unit" | "evaluation" | "higherIsBetter" | "protocol">

/** A metric by epoch, a line for each run, beside the baselines. */
export const scoreChart = (runs: ReadonlyArray<DrawnRun>, metric: Named): Markup => {
  const lines = runs.map(
    (run, series): ChartLine => ({
      name: "",
      series,
      points: thinned(pointsOf(run, metric.metric), maxPoints / runs.length)
    })
  )
  const levels = runs.flatMap((run) =>
    baselinesOf(run, metric.metric).flatMap((found) =>
      Number.isFinite(found.value)
        ? [{ name: `${found.subject} ${written(found, found.value)}`, value: found.value }]
        : []
    )
  )
  return lineChart({
    title: `${metric.metric} by epoch`,
    yLabel: notationOf(metric.unit).suffix,
    unit: metric.unit,
    lines,
    levels: levels.filter(({ name }, i) => levels.findIndex((other) => other.name === name) === i),
    xEnd: Math.max(...runs.map(({ config }) => config.training.epochs)),
    isMarked: true
  })
}

const maxPoints = 400

/** The untrained encoder at epoch 0, and then the trained one. */
const pointsOf = ({ events }: DrawnRun, metric: string): ReadonlyArray<LinePoint> => {
  const all = events.flatMap((event) =>
    event.event === "evaluation"
      ? event.measurements.flatMap((found) => (found.metric === metric ? [{ found, x: event.epoch }] : []))
      : []
  )
  const untrained = all.find(({ found }) => found.subject === untrainedEncoder)
  return [
    ...(untrained === undefined ? [] : [untrained]),
    ...all.filter(({ found }) => !isBaseline(found))
  ].map(({ found: { interval, value }, x }) => ({
    x,
    value,
    ...(interval === undefined ? {} : { low: interval.low, high: interval.high })
  }))
}
