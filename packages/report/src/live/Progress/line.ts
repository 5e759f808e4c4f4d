import { isBaseline } from "@moco/evaluation/subjects"
import type { RunEvent } from "@moco/train/RunLog"
import { allStepMetrics, type StepMetric } from "@moco/train/stepMetrics"
import { duration } from "../../duration.ts"
import { digits, inOneLine, written } from "../../quantity.ts"

/** What a progress line tells. */
export interface Status {
  /** Steps done. */
  readonly done: number
  readonly numSteps: number
  /** Counted from 1. */
  readonly epoch: number
  readonly numEpochs: number
  /** By key; those that jump from step to step are smoothed. */
  readonly metrics: Readonly<Record<string, number>>
  readonly secondsPerStep: number
}

/** Part of the last value that goes into a smoothed one: speeds of single steps jump. */
const smoothing = 0.9

const smooth = (old: number | undefined, now: number) =>
  old === undefined ? now : smoothing * old + (1 - smoothing) * now

/** The status after a step. */
export const advance = (before: Status | undefined, event: RunEvent & { event: "step" }): Status => ({
  done: event.step + 1,
  numSteps: event.numSteps,
  epoch: event.epoch + 1,
  numEpochs: event.numEpochs,
  metrics: Object.fromEntries(
    Object.entries(event.metrics).map(([key, now]) => {
      const isSmoothed = Object.hasOwn(allStepMetrics, key) && allStepMetrics[key]!.live?.isSmoothed
      return [key, isSmoothed ? smooth(before?.metrics[key], now) : now]
    })
  ),
  secondsPerStep: smooth(before?.secondsPerStep, event.stepMs / 1000)
})

/** Part of a line; where there is no room for all, the least important one goes first. */
interface Segment {
  readonly text: string
  readonly importance: number
}

const segmentsOf = (status: Status): ReadonlyArray<Segment> => [
  { text: `epoch ${pad(status.epoch, status.numEpochs)}/${status.numEpochs}`, importance: 6 },
  { text: `step ${pad(status.done, status.numSteps)}/${status.numSteps}`, importance: 1 },
  ...Object.entries(allStepMetrics).flatMap(([key, metric]) => segmentsOfMetric(status, key, metric)),
  // Of training; evaluations come on top.
  { text: `ETA ${duration((status.numSteps - status.done) * status.secondsPerStep)}`, importance: 4 }
]

/** A metric, and the levels that it is compared with, where the live line shows it and the step tells it. */
const segmentsOfMetric = (
  { metrics }: Status,
  key: string,
  { levels = {}, live, unit }: StepMetric
): ReadonlyArray<Segment> => {
  const value = metrics[key]
  if (live === undefined || value === undefined) return []
  const { importance, label } = live
  const beside = Object.entries(levels).flatMap(([name, level]) =>
    metrics[level] === undefined
      ? []
      : [{ text: `(${name} ${digits({ unit }, metrics[level])})`, importance: importance - levelFalls }]
  )
  const text = label === "" ? written({ unit }, value) : `${label} ${inLine(unit, value)}`
  return [{ text, importance }, ...beside]
}

/** The numbers that say best how training goes, in few words: `loss 5.250`. */
export const inShort = (metrics: Status["metrics"]): ReadonlyArray<string> =>
  Object.entries(allStepMetrics).flatMap(([key, { isByEpoch, live, unit }]) => {
    const value = metrics[key]
    return isByEpoch && live !== undefined && value !== undefined
      ? [`${live.label} ${inLine(unit, value)}`]
      : []
  })

/** How much sooner a level goes than what it belongs to. */
const levelFalls = 3

/** In nats without their name; a part as a whole number of %. */
const inLine = (unit: string, value: number): string =>
  unit === "fraction" ? wholePercent(value) : digits({ unit }, value)

/** The status without a terminal: everything, in one line. */
export const plainLine = (status: Status): string =>
  [
    wholePercent(status.done / status.numSteps).padStart(4),
    ...segmentsOf(status).map(({ text }) => text)
  ].join("  ")

const full = "\u2588"
const empty = "\u2591"
const maxBar = 24
const minBar = 6

/** The status with a bar, at most `columns` wide, so that a terminal does not wrap it. */
export const barLine = (status: Status, columns: number, canColor: boolean): string => {
  const part = status.done / status.numSteps
  const share = wholePercent(part).padStart(4)
  let segments = segmentsOf(status)
  const textOf = () => [share, ...segments.map(({ text }) => text)].join("  ")
  while (segments.length > 0 && textOf().length + 1 + minBar > columns) {
    const least = Math.min(...segments.map(({ importance }) => importance))
    segments = segments.filter(({ importance }) => importance !== least)
  }
  const width = Math.max(0, Math.min(maxBar, columns - textOf().length - 1))
  const filled = Math.round(width * part)
  const bar =
    full.repeat(filled) + (canColor ? dim(empty.repeat(width - filled)) : empty.repeat(width - filled))
  return `${canColor ? green(bar) : bar} ${textOf()}`
}

const green = (text: string) => `\u001b[32m${text}\u001b[39m`
const dim = (text: string) => `\u001b[2m${text}\u001b[22m`

/** One line about an evaluation. */
export const evaluationLine = ({
  epoch,
  measurements,
  seconds
}: RunEvent & { event: "evaluation" }): string => {
  const [first] = measurements
  const when = first === undefined || isBaseline(first) ? "" : ` after epoch ${epoch}`
  return `${first?.subject ?? "nothing"}${when}: ${inOneLine(measurements)}  [${seconds.toFixed(1)} s]`
}

/** One line about a return to a checkpoint. */
export const rolledBackLine = ({
  failedStep,
  rateFactor,
  reason,
  step
}: RunEvent & { event: "rolledBack" }): string =>
  `step ${failedStep} failed (${reason.split("\n")[0]}); goes on after step ${step} at ${Number(rateFactor.toPrecision(6))} times the learning rate`

/** One line about a run that goes on and learns nothing. */
export const standstillLine = ({
  message,
  metric,
  step,
  value
}: RunEvent & { event: "standstill" }): string => `warning: ${metric} is ${value} in step ${step}: ${message}`

const pad = (value: number, largest: number) => String(value).padStart(String(largest).length)
const wholePercent = (part: number) => `${Math.floor(100 * part)}%`
