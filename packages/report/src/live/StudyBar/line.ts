import * as Escape from "@moco/core/Escape"
import { isBaseline } from "@moco/evaluation/subjects"
import type { Trial } from "@moco/study/Study"
import type { StudyEvent } from "@moco/study/StudyProgress"
import { renderSettings } from "@moco/study/settings"
import type { TrialProgress } from "@moco/study/TrialExecutor"
import type { TrialRecord } from "@moco/study/TrialRecord"
import { training } from "@moco/train/stepMetrics"
import { duration } from "../../duration.ts"
import { largest } from "../../extent.ts"
import { inOneLine } from "../../quantity.ts"
import { inShort } from "../Progress/line.ts"

/** A trial that is running. */
interface Running {
  readonly trial: Trial
  readonly startedAt: number
  /** When it was first seen to have taken steps, and how many: what came before is start-up. */
  readonly first: { readonly at: number; readonly step: number } | undefined
  readonly progress: TrialProgress | undefined
}

/** What is known of a study while it runs. */
export interface StudyStatus {
  readonly trials: ReadonlyArray<Trial>
  readonly ended: ReadonlyMap<string, TrialRecord>
  readonly running: ReadonlyMap<string, Running>
  readonly concurrency: number
}

/** The status after one more event. */
export const advanceStudy = (
  status: StudyStatus | undefined,
  event: StudyEvent,
  now: number,
  concurrency: number
): StudyStatus => {
  if (event.event === "opened" || status === undefined) {
    const [trials, ended] = event.event === "opened" ? [event.trials, event.ended] : [[], []]
    return { trials, ended: byTrial(ended), running: new Map(), concurrency }
  }
  const running = new Map(status.running)
  const { id } = event.trial
  switch (event.event) {
    case "started":
      running.set(id, { trial: event.trial, startedAt: now, first: undefined, progress: undefined })
      return { ...status, running }
    case "advanced": {
      const { first, startedAt } = running.get(id) ?? { first: undefined, startedAt: now }
      running.set(id, {
        trial: event.trial,
        startedAt,
        first: first ?? { at: now, step: event.progress.step },
        progress: event.progress
      })
      return { ...status, running }
    }
    case "ended":
      running.delete(id)
      return { ...status, running, ended: new Map(status.ended).set(id, event.record) }
  }
}

/**
 * Seconds until the study is done, or `undefined` while nothing is known of any trial's length.
 *
 * A waiting trial takes as long as finished trials of its cell did, else as the mean of all, else as the running ones
 * seem to take. A running one takes what its own pace says it still needs, or what is left of that length if more.
 */
export const secondsLeft = (status: StudyStatus, now: number): number | undefined => {
  const lengthOf = lengths(status, now)
  const waiting = status.trials.filter(({ id }) => !status.ended.has(id) && !status.running.has(id))
  const perTrial = [
    ...waiting.map(lengthOf),
    ...[...status.running.values()].map((running) => {
      const own = remaining(running, now)
      const length = lengthOf(running.trial)
      const byLength = length === undefined ? undefined : length - (now - running.startedAt) / 1000
      return own === undefined && byLength === undefined ? undefined : Math.max(0, own ?? 0, byLength ?? 0)
    })
  ]
  if (perTrial.some((seconds) => seconds === undefined)) return undefined
  const all = perTrial as ReadonlyArray<number>
  const total = all.reduce((sum, seconds) => sum + seconds, 0)
  // No trial can be shared, so the longest one is a bound of its own.
  return Math.max(total / status.concurrency, largest(all, 0))
}

const lengths = (status: StudyStatus, now: number) => {
  const ended = [...status.ended.values()].filter(({ outcome }) => outcome === "completed")
  const overall = mean(ended.map(({ seconds }) => seconds)) ?? mean(extrapolated(status, now))
  // Once a line, not once a trial: studies have thousands.
  const byCell = Map.groupBy(ended, ({ settings }) => renderSettings(settings))
  const ofCell = new Map([...byCell].map(([cell, same]) => [cell, mean(same.map(({ seconds }) => seconds))]))
  return ({ settings }: Trial): number | undefined => ofCell.get(renderSettings(settings)) ?? overall
}

/** Steps that have to be seen before a pace is one. */
const minSteps = 5

/** Seconds that a running trial still needs at the pace of its steps. */
const remaining = ({ first, progress }: Running, now: number): number | undefined => {
  if (first === undefined || progress === undefined || progress.step < first.step + minSteps) return undefined
  const pace = (now - first.at) / 1000 / (progress.step - first.step)
  return pace * (progress.numSteps - progress.step)
}

/** How long running trials would take in all. */
const extrapolated = ({ running }: StudyStatus, now: number): ReadonlyArray<number> =>
  [...running.values()].flatMap((one) => {
    const left = remaining(one, now)
    return left === undefined ? [] : [(now - one.startedAt) / 1000 + left]
  })

const mean = (values: ReadonlyArray<number>): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length

const byTrial = (records: ReadonlyArray<TrialRecord>) =>
  new Map(records.map((record) => [record.trial, record]))

/** What a study begins with. */
export const openedLine = ({ ended, trials }: StudyStatus): string =>
  ended.size === 0
    ? `${trials.length} runs`
    : `${trials.length} runs, of which ${ended.size} are done already`

/** One line about a trial that has ended. */
export const endedLine = (record: TrialRecord): string => {
  const name = `${renderSettings(record.settings)}, seed ${record.seed}`
  if (record.outcome === "failed")
    return `${name}: FAILED after ${duration(record.seconds)}: ${firstLine(record.reason)}`
  const found = record.measurements.filter(
    (measurement) => !isBaseline(measurement) && measurement.evaluation !== training
  )
  return `${name}: ${inOneLine(found)}  [${duration(record.seconds)}]`
}

/** Where the study stands, at most `columns` wide where there is a width. */
export const statusLine = (status: StudyStatus, now: number, columns: number | undefined): string => {
  const left = secondsLeft(status, now)
  const failed = [...status.ended.values()].filter(({ outcome }) => outcome === "failed").length
  const head = [
    `${status.ended.size}/${status.trials.length} runs`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    left === undefined ? "time left: not known yet" : `about ${duration(left)} left`
  ].join("  ")
  const running = [...status.running.values()].map(({ progress, trial }) => {
    const epoch =
      progress === undefined
        ? "starting"
        : [`epoch ${progress.epoch}/${progress.numEpochs}`, ...inShort(progress.metrics)].join(", ")
    return `${renderSettings(trial.settings)}, seed ${trial.seed}: ${epoch}`
  })
  // Before it is cut, or what is escaped would make it longer than the terminal is wide.
  const line = Escape.line([head, ...running].join(" | "))
  return columns === undefined || line.length <= columns
    ? line
    : `${line.slice(0, Math.max(0, columns - 3)).toWellFormed()}...`
}

const firstLine = (text: string): string => text.split("\n")[0]!
