import { allStepMetrics } from "@moco/train/stepMetrics"
import { type LineChart, lineChart } from "../../charts/inline/lineChart.ts"
import { thinned } from "../../charts/inline/thinned.ts"
import { type DrawnRun, meanOver, stepPoints, stepsOf } from "../../charts/runChart/curves.ts"
import { type Markup, markup } from "../../markup.ts"
import { notationOf } from "../../quantity.ts"
import { card, cards, type Section } from "../page.ts"
import { howToRead } from "./explain.ts"

/** Numbers of the steps that have a chart, in order. */
export const chartedSteps = [
  "loss",
  "pretextAccuracy",
  "featureStd",
  "encoderDistance",
  "gradientNorm",
  "learningRate"
] as const

type Charted = (typeof chartedSteps)[number]

/** What the steps of a run have measured, a chart for each number, and beside it how it is read. */
export const training = (run: DrawnRun): Section => {
  const charts = chartedSteps.flatMap((key) => {
    const chart = stepChart([run], key)
    return chart === undefined ? [] : [card(headingOf(key), chart, howToRead[key])]
  })
  const body = markup`<p>Each line is the mean of ${meanOver} steps: single ones jump.</p>${cards(charts)}`
  return { id: "training", heading: "How training went", body }
}

export const headingOf = (key: Charted): string => {
  const { metric } = allStepMetrics[key]!
  return metric.charAt(0).toUpperCase() + metric.slice(1)
}

/**
 * A number of the steps by epoch, a line for each run, beside what it is compared with; nothing where no run has it.
 *
 * @param runs  a single one is not named at its line
 */
export const stepChart = (runs: ReadonlyArray<DrawnRun>, key: Charted): Markup | undefined => {
  const { metric, unit } = allStepMetrics[key]!
  const lines = runs.map((run, series) => ({
    name: "",
    series,
    points: thinned(
      stepPoints(run, key).map(({ epoch, value }) => ({ x: epoch, value })),
      maxPoints / runs.length
    )
  }))
  const has = runs.some((run) => stepsOf(run).some(({ metrics }) => metrics[key] !== undefined))
  if (!has) return undefined
  const [only] = runs.length === 1 ? runs : []
  const levels = distinct(runs.flatMap((run) => levelsOf(run, key)))
  const fill = only === undefined || key !== "loss" ? undefined : fillOf(only)
  return lineChart({
    title: `${metric} by epoch`,
    yLabel: notationOf(unit).suffix,
    unit,
    lines,
    levels,
    xEnd: Math.max(...runs.map(({ config }) => config.training.epochs)),
    include: key === "gradientNorm" || key === "encoderDistance" || key === "featureStd" ? [0] : [],
    moments: only === undefined ? [] : momentsOf(only),
    ...(fill === undefined ? {} : { backdrop: fill })
  })
}

const maxPoints = 600

const fillOf = (run: DrawnRun): LineChart["backdrop"] => {
  const points = stepPoints(run, "dictionaryFill").map(({ epoch, value }) => ({ x: epoch, value }))
  return points.some(({ value }) => Number.isFinite(value))
    ? { name: "dictionary fill, 0 to 100 %", points: thinned(points, maxPoints) }
    : undefined
}

const levelsOf = (run: DrawnRun, key: Charted): NonNullable<LineChart["levels"]> => {
  const [first] = stepsOf(run)
  const chance = first?.metrics["chanceLoss"]
  if (key === "loss" && chance !== undefined && Number.isFinite(chance)) {
    return [{ name: `chance ${chance.toFixed(2)}`, value: chance }]
  }
  if (key === "featureStd") {
    const even = 1 / Math.sqrt(run.config.encoder.featureSize)
    return [{ name: `1/√D = ${even.toFixed(3)}`, value: even }]
  }
  return []
}

const distinct = (levels: NonNullable<LineChart["levels"]>): NonNullable<LineChart["levels"]> =>
  levels.filter(({ name }, i) => levels.findIndex((other) => other.name === name) === i)

/** Where the run has gone back or went on with another config. */
const momentsOf = (run: DrawnRun): NonNullable<LineChart["moments"]> => {
  const [first] = stepsOf(run)
  if (first === undefined) return []
  const at = (step: number) => (step * run.config.training.epochs) / Math.max(1, first.numSteps)
  return run.events.flatMap((event) => {
    switch (event.event) {
      case "rolledBack":
        return [{ x: at(event.step), name: `went back to step ${event.step}` }]
      case "configChanged":
        return [{ x: at(event.step), name: `config changed at step ${event.step}` }]
      case "standstill":
        return [{ x: at(event.step), name: `stands still from step ${event.step + 1}` }]
      default:
        return []
    }
  })
}
