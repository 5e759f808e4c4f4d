import type { Trial } from "@moco/train/Study"
import type { StudyEvent } from "@moco/train/Study/StudyProgress"
import { renderSettings } from "@moco/train/Study/settings"
import type { TrialProgress } from "@moco/train/Study/TrialExecutor"
import type { TrialRecord } from "@moco/train/Study/TrialRecord"
import { duration } from "../Progress/line.ts"

/** A trial that is running. */
interface Running {
  readonly trial: Trial
  readonly startedAt: number
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
      running.set(id, { trial: event.trial, startedAt: now, progress: undefined })
      return { ...status, running }
    case "advanced":
      running.set(id, { trial: event.trial, startedAt: now, ...running.get(id), progress: event.progress })
      return { ...status, running }
    case "ended":
      running.delete(id)
      return { ...status, running, ended: new Map(status.ended).set(id, event.record) }
  }
}

/**
 * Seconds until the study is done, or `undefined` while nothing is known of any trial's length.
 *
 * A trial takes as long as finished trials of its cell did, else as the mean of all, else as the running ones seem to
 * take; what runs already is counted with what is left of it.
 */
export const secondsLeft = (status: StudyStatus, now: number): number | undefined => {
  const lengthOf = lengths(status, now)
  const waiting = status.trials.filter(({ id }) => !status.ended.has(id) && !status.running.has(id))
  const perTrial = [
    ...waiting.map(lengthOf),
    ...[...status.running.values()].map(({ startedAt, trial }) => {
      const length = lengthOf(trial)
      return length === undefined ? undefined : Math.max(0, length - (now - startedAt) / 1000)
    })
  ]
  if (perTrial.some((seconds) => seconds === undefined)) return undefined
  const all = perTrial as ReadonlyArray<number>
  const total = all.reduce((sum, seconds) => sum + seconds, 0)
  // No trial can be shared, so the longest one is a bound of its own.
  return Math.max(total / status.concurrency, 0, ...all)
}

const lengths = (status: StudyStatus, now: number) => {
  const ended = [...status.ended.values()].filter(({ outcome }) => outcome === "completed")
  const overall = mean(ended.map(({ seconds }) => seconds)) ?? mean(extrapolated(status, now))
  return (trial: Trial): number | undefined => {
    const cell = renderSettings(trial.settings)
    const same = ended.filter(({ settings }) => renderSettings(settings) === cell)
    return mean(same.map(({ seconds }) => seconds)) ?? overall
  }
}

/** How long running trials would take at the pace they have. */
const extrapolated = ({ running }: StudyStatus, now: number): ReadonlyArray<number> =>
  [...running.values()].flatMap(({ progress, startedAt }) =>
    progress === undefined || progress.step < 5
      ? []
      : [(((now - startedAt) / 1000) * progress.numSteps) / progress.step]
  )

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
  const accuracies = record.evaluations.encoder.map(
    ({ accuracy, k }) => `${(100 * accuracy).toFixed(1)} % (k=${k})`
  )
  return `${name}: ${accuracies.join(", ")}  [${duration(record.seconds)}]`
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
        : `epoch ${progress.epoch}/${progress.numEpochs}, loss ${progress.loss.toFixed(2)}`
    return `${renderSettings(trial.settings)}, seed ${trial.seed}: ${epoch}`
  })
  const line = [head, ...running].join(" | ")
  return columns === undefined || line.length <= columns
    ? line
    : `${line.slice(0, Math.max(0, columns - 3))}...`
}

const firstLine = (text: string): string => text.split("\n")[0]!
