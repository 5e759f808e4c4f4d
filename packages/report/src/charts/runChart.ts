import { paddedDomain } from "./domain.ts"
import { standAlone } from "./frame.ts"
import { columnHeight } from "./labels.ts"
import { categoryColor, categorySymbol } from "./palette.ts"
import {
  accuracyPoints,
  type DrawnRun,
  lossPoints,
  meanOver,
  neighboursOf,
  pixelAccuracy,
  stepsOf
} from "./runChart/curves.ts"
import { type Level, type Line, type Quantity, quantityPlot } from "./runChart/plot.ts"
import { wrap } from "./text.ts"

const left = 46
const top = 24
const plotWidth = 230
const minHeight = 180
const nameWidth = 150
const gutter = 16
/** Plots side by side. */
const maxColumns = 3

/**
 * One or more runs by epoch, as a stand-alone SVG: the loss beside its level at chance, and for every k the kNN accuracy,
 * from the untrained encoder on, beside that of raw pixels.
 */
export const runChart = (runs: ReadonlyArray<DrawnRun>): string => {
  const quantities = [lossOf(runs), ...neighboursOf(runs).map((k) => accuracyOf(runs, k))]
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
  return standAlone({ title: `${names}: loss and kNN accuracy by epoch`, notes: notesOf(runs), panels })
}

/** What a run is, or, of several, what their lines mean. */
const notesOf = (runs: ReadonlyArray<DrawnRun>): ReadonlyArray<string> => {
  const [only] = runs.length === 1 ? runs : []
  return [
    ...(only === undefined ? [] : settingsOf(only)),
    `loss: mean of ${meanOver} steps`,
    "accuracy at epoch 0: the untrained encoder"
  ]
}

const settingsOf = ({ config }: DrawnRun): ReadonlyArray<string> => {
  const { dictionary, loss, recipe, seed, training } = config
  const size = "size" in dictionary ? `, K = ${dictionary.size}` : ""
  return [`recipe ${recipe}, seed ${seed}${size}, T = ${loss.temperature}, batch ${training.batchSize}`]
}

const linesOf = (runs: ReadonlyArray<DrawnRun>, points: (run: DrawnRun) => Line["points"]) =>
  runs.map((run, i): Line => {
    const name = runs.length === 1 ? "trained encoder" : run.name
    return {
      name: wrap(name, nameWidth),
      color: categoryColor(i),
      symbol: categorySymbol(i),
      points: points(run)
    }
  })

const lossOf = (runs: ReadonlyArray<DrawnRun>): Quantity => {
  const lines = linesOf(runs, lossPoints).map((line) =>
    runs.length === 1 ? { ...line, name: "loss" } : line
  )
  const levels = distinct(
    runs.flatMap((run) => {
      const chance = stepsOf(run)[0]?.chanceLoss
      return chance === undefined ? [] : [{ name: `chance, ${chance.toFixed(2)}`, value: chance }]
    })
  )
  return {
    label: "loss (nats)",
    lines,
    levels,
    isMarked: false,
    domain: domainOf(lines, levels, 0.2, [0, Number.POSITIVE_INFINITY])
  }
}

const accuracyOf = (runs: ReadonlyArray<DrawnRun>, k: number): Quantity => {
  const lines = linesOf(runs, (run) => accuracyPoints(run, k))
  const levels = distinct(
    runs.flatMap((run) => {
      const value = pixelAccuracy(run, k)
      return value === undefined ? [] : [{ name: "raw pixels", value }]
    })
  )
  return {
    label: `kNN accuracy (%), k = ${k}`,
    lines,
    levels,
    isMarked: true,
    domain: domainOf(lines, levels, 4, [0, 100])
  }
}

/** Runs of one data set share their levels. */
const distinct = (levels: ReadonlyArray<Level>): ReadonlyArray<Level> =>
  levels.filter(
    ({ name, value }, i) => levels.findIndex((other) => other.name === name && other.value === value) === i
  )

const domainOf = (
  lines: ReadonlyArray<Line>,
  levels: ReadonlyArray<Level>,
  least: number,
  limits: readonly [number, number]
) => {
  const values = [...lines.flatMap(({ points }) => points), ...levels].map(({ value }) => value)
  return paddedDomain(values.filter(Number.isFinite), { least, limits, otherwise: [0, 1] })
}
