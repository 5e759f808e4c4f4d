import type { Metric } from "@moco/evaluation/Measurement"
import { trainedEncoder, untrainedEncoder } from "@moco/evaluation/subjects"
import { allStepMetrics } from "@moco/train/stepMetrics"
import { axisHead, notationOf, partsOf } from "../quantity.ts"
import { domainIn } from "./domain.ts"
import { standAlone } from "./frame.ts"
import { inColours, schemes } from "./inline/style.ts"
import { columnHeight } from "./labels.ts"
import { categoryColor, categorySymbol } from "./palette.ts"
import {
  baselinesOf,
  type DrawnRun,
  evaluationPoints,
  meanOver,
  metricsOf,
  stepPoints,
  stepsOf
} from "./runChart/curves.ts"
import { type Level, type Line, type Quantity, quantityPlot } from "./runChart/plot.ts"
import { inWords, wrap } from "./text.ts"

const left = 46
const top = 24
const plotWidth = 230
const minHeight = 180
const nameWidth = 150
const gutter = 16
/** Plots side by side. */
const maxColumns = 3

/**
 * One or more runs by epoch, as a stand-alone SVG: what the steps measured beside the levels to compare it with, such as
 * the loss at chance, and every metric that was evaluated, from the untrained encoder on, beside the other baselines.
 */
export const runChart = (runs: ReadonlyArray<DrawnRun>): string => {
  const metrics = metricsOf(runs)
  const quantities = [...ofSteps(runs), ...metrics.map((metric) => ofEvaluation(runs, metric))]
  const numEpochs = Math.max(...runs.map(({ config }) => config.training.epochs))
  const texts = quantities.map(({ levels, lines }) => [...lines, ...levels].map(({ name }) => name))
  const height = Math.max(minHeight, ...texts.map((names) => columnHeight(names) + 10))
  const area = { left, right: left + plotWidth, top, bottom: top + height }
  const plots = quantities.map((quantity) => quantityPlot(quantity, area, numEpochs))
  const columnWidth = Math.max(...plots.map(({ width }) => width)) + gutter
  const panels = plots.map((plot, i) => ({
    x: (i % maxColumns) * columnWidth,
    y: Math.floor(i / maxColumns) * (plot.height + gutter),
    plot
  }))
  const names = runs.map(({ name }) => name).join(", ")
  const title = `${names}: ${inWords([...stepNames, ...metrics.map((metric) => partsOf(metric).what)])} by epoch`
  return inColours(standAlone({ title, notes: notesOf(runs, metrics), panels }), schemes.light)
}

/** What a run is, or, of several, what their lines mean. */
const notesOf = (runs: ReadonlyArray<DrawnRun>, metrics: ReadonlyArray<Metric>): ReadonlyArray<string> => {
  const [only] = runs.length === 1 ? runs : []
  const names = inWords(metrics.map((metric) => partsOf(metric).what))
  return [
    ...(only === undefined ? [] : settingsOf(only)),
    `${inWords(stepNames)}: mean of ${meanOver} steps`,
    ...(metrics.length === 0 ? [] : [`${names} at epoch 0: the ${untrainedEncoder}`])
  ]
}

const settingsOf = ({ config }: DrawnRun): ReadonlyArray<string> => {
  const { dictionary, loss, recipe, seed, training } = config
  const size = "size" in dictionary ? `, K = ${dictionary.size}` : ""
  return [`recipe ${recipe}, seed ${seed}${size}, T = ${loss.temperature}, batch ${training.batchSize}`]
}

const linesOf = (runs: ReadonlyArray<DrawnRun>, points: (run: DrawnRun) => Line["points"]) =>
  runs.map((run, i): Line => {
    const name = runs.length === 1 ? trainedEncoder : run.name
    return {
      name: wrap(name, nameWidth),
      color: categoryColor(i),
      symbol: categorySymbol(i),
      points: points(run)
    }
  })

/** The step's metrics that are drawn: those that the live line shows too. */
const drawnSteps = Object.entries(allStepMetrics).filter(
  ([, { isByEpoch, live }]) => isByEpoch && live !== undefined
)

const stepNames = drawnSteps.map(([, { metric }]) => metric)

/** They beside their levels. */
const ofSteps = (runs: ReadonlyArray<DrawnRun>): ReadonlyArray<Quantity> =>
  drawnSteps.map(([key, { levels: named = {}, metric, unit }]) => {
    const { scale } = notationOf(unit)
    const lines = linesOf(runs, (run) => scaled(stepPoints(run, key), scale)).map((line) =>
      runs.length === 1 ? { ...line, name: metric } : line
    )
    const levels = runs.flatMap((run) =>
      Object.entries(named).flatMap(([name, level]) => {
        const value = stepsOf(run)[0]?.metrics[level]
        return value === undefined
          ? []
          : [{ name: `${name}, ${(scale * value).toFixed(2)}`, value: scale * value }]
      })
    )
    return quantity({ label: axisHead({ metric, unit }), unit, lines, levels, isMarked: false })
  })

const ofEvaluation = (runs: ReadonlyArray<DrawnRun>, metric: Metric): Quantity => {
  const { what, way } = partsOf(metric)
  const { unit } = metric
  const { least, scale } = notationOf(unit)
  const levels = runs.flatMap((run) =>
    baselinesOf(run, metric.metric).map(({ subject, value }) => ({ name: subject, value: scale * value }))
  )
  return quantity({
    label: [axisHead({ metric: what, unit }), way].filter((part) => part !== "").join(", "),
    unit,
    lines: linesOf(runs, (run) => scaled(evaluationPoints(run, metric.metric), scale)),
    levels,
    isMarked: true,
    least: 2 * least
  })
}

const scaled = (points: Line["points"], scale: number): Line["points"] =>
  points.map(({ epoch, value }) => ({ epoch, value: scale * value }))

const quantity = ({
  isMarked,
  label,
  least,
  lines,
  unit,
  ...all
}: Omit<Quantity, "domain"> & { readonly unit: string; readonly least?: number }): Quantity => {
  const levels = distinct(all.levels)
  const values = [...lines.flatMap(({ points }) => points), ...levels].map(({ value }) => value)
  const domain = domainIn(unit, values.filter(Number.isFinite), least === undefined ? {} : { least })
  return { label, lines, levels, isMarked, domain }
}

/** Runs of one data set share their levels. */
const distinct = (levels: ReadonlyArray<Level>): ReadonlyArray<Level> =>
  levels.filter(
    ({ name, value }, i) => levels.findIndex((other) => other.name === name && other.value === value) === i
  )
