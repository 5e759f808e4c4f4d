import * as Escape from "@moco/core/Escape"
import { type Measurement, withNewer } from "@moco/evaluation/Measurement"
import { isBaseline } from "@moco/evaluation/subjects"
import { shellQuoted } from "@moco/native/shellQuoted"
import { duration } from "@moco/report/duration"
import { scoreRows } from "@moco/report/measurementRows"
import type { RunDetails } from "@moco/report/runs/details"
import { leftOutLines } from "@moco/report/runs/leftOut"
import type { RunProgress } from "@moco/train/Checkpoint/manifest"
import type { RunConfig } from "@moco/train/RunConfig"
import type { RunEvent } from "@moco/train/RunLog"
import { commandText } from "../../commandLine/commandText.ts"

/** What came out of a run; the object that `--json` prints. */
export interface RunResult {
  readonly outcome: "completed" | "interrupted"
  readonly recipe: string
  readonly seed: number
  readonly runFolder: string
  /** Steps that were taken. */
  readonly numSteps: number
  readonly trainingSeconds: number
  readonly evaluationSeconds: number
  /** Files of the data set that are no images, for which others stood in. */
  readonly leftOut: RunDetails["leftOut"]
  /** The last of every metric and subject; a run that was interrupted early lacks some. */
  readonly measurements: ReadonlyArray<Measurement>
}

/** A run's result before anything more has happened; `progress` is what it goes on from. */
export const resultSoFar = (
  config: RunConfig,
  runFolder: string,
  progress: RunProgress | undefined
): RunResult => ({
  outcome: "interrupted",
  recipe: config.recipe,
  seed: config.seed,
  runFolder,
  numSteps: progress?.step ?? 0,
  trainingSeconds: progress?.trainingSeconds ?? 0,
  evaluationSeconds: progress?.evaluationSeconds ?? 0,
  leftOut: { numFiles: 0, first: [] },
  measurements: progress?.measurements ?? []
})

/** A result, and what was measured in which step: a run that goes back to a step knows what it knew there. */
interface Following {
  readonly result: RunResult
  readonly measured: ReadonlyArray<{
    readonly step: number
    readonly measurements: ReadonlyArray<Measurement>
  }>
}

/**
 * Follows a run from `result` on.
 *
 * @param progress  what it goes on from, which tells in which steps its encoder was measured
 */
export const following = (result: RunResult, progress?: RunProgress): Following => ({
  result,
  measured: result.measurements.map((measurement) => ({
    // Baselines are those of the first state, whatever step they were measured in.
    step: isBaseline(measurement) ? 0 : (progress?.evaluatedAt[measurement.evaluation] ?? result.numSteps),
    measurements: [measurement]
  }))
})

/** The result after one more event. */
export const withEvent = (before: Following, event: RunEvent): Following => {
  const { measured, result } = before
  switch (event.event) {
    case "step":
      return { measured, result: { ...result, numSteps: event.step + 1 } }
    case "evaluation":
      return withMeasured(result, [...measured, event])
    case "resumed":
    case "standstill":
    case "diverged":
    case "configChanged":
    case "initialised":
      return before
    case "rolledBack": {
      // What was measured of the encoder since is no longer so.
      const known = measured.filter(({ step }) => step <= event.step)
      return withMeasured({ ...result, numSteps: event.step }, known)
    }
    case "finished": {
      const { evaluationSeconds, outcome, step, trainingSeconds } = event
      return { measured, result: { ...result, outcome, numSteps: step, trainingSeconds, evaluationSeconds } }
    }
  }
}

const withMeasured = (result: RunResult, measured: Following["measured"]): Following => {
  const measurements = measured.map((evaluation) => evaluation.measurements).reduce(withNewer, [])
  return { measured, result: { ...result, measurements } }
}

/** What the commands need that go on from a run, beside its config. */
export interface Continuation {
  /** Flags that a config does not hold, as they were given. */
  readonly flags: Readonly<Record<string, string | undefined>>
  /** Steps of the newest checkpoint, where there is one. */
  readonly savedStep: number | undefined
  /** The weights that it began with, where they are not the seed's. */
  readonly initial?: string | undefined
  /** The file of its report, where one was written. */
  readonly report?: string | undefined
}

/** The closing words of a run. */
export const renderSummary = (
  result: RunResult,
  config: RunConfig,
  { flags, initial, report, savedStep }: Continuation
): string => {
  const took = `${duration(result.trainingSeconds)} of training, ${duration(result.evaluationSeconds)} of evaluation`
  const again = commandText("train", {
    config: `${result.runFolder}/config.json`,
    seed: String((config.seed + 1) % 2 ** 32),
    "init-from": initial,
    ...flags
  })
  const from = savedStep === result.numSteps ? "" : ` from step ${savedStep}`
  const on = `go on with it${from}: ${commandText("train", { resume: result.runFolder, ...flags })}`
  const where =
    report === undefined
      ? `by ${commandText(`runs show ${shellQuoted(result.runFolder)}`, {})}`
      : "in the report"
  const rows = scoreRows(result.measurements, where)
  // Of a run that was stopped before anything was evaluated there is nothing to show.
  const table = rows.length === 0 ? [] : [...rows, ""]
  const isWhole = result.outcome === "completed"
  return [
    "",
    ...table,
    `${isWhole ? "trained" : "interrupted after"} ${result.numSteps} steps in ${took}`,
    ...leftOutLines(result.leftOut),
    `run folder: ${Escape.line(result.runFolder)}`,
    ...(report === undefined ? [] : [`report: ${Escape.line(report)}`]),
    isWhole
      ? `next, the same with another seed: ${again}`
      : savedStep === undefined
        ? "no checkpoint of it could be saved: there is nothing to go on from"
        : on
  ].join("\n")
}
