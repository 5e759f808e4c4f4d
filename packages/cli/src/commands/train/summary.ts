import * as Escape from "@moco/core/Escape"
import { duration } from "@moco/report/live/Progress/line"
import { percent } from "@moco/report/percent"
import type { RunProgress } from "@moco/train/Checkpoint/manifest"
import type { RunConfig } from "@moco/train/RunConfig"
import type { NeighbourAccuracy, RunEvent, Subject } from "@moco/train/RunLog"
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
  /** The last accuracy of each, as a fraction; a run that was interrupted early lacks some. */
  readonly evaluations: Partial<Record<Subject, ReadonlyArray<NeighbourAccuracy>>>
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
  evaluations: progress?.evaluations ?? {}
})

/** The result after one more event. */
export const withEvent = (result: RunResult, event: RunEvent): RunResult => {
  switch (event.event) {
    case "step":
      return { ...result, numSteps: event.step + 1 }
    case "evaluation":
      return { ...result, evaluations: { ...result.evaluations, [event.subject]: event.neighbours } }
    case "resumed":
    case "standstill":
    case "configChanged":
    case "initialised":
      return result
    case "rolledBack": {
      // What was judged since is no longer so.
      const { encoder, ...baselines } = result.evaluations
      return { ...result, numSteps: event.step, evaluations: baselines }
    }
    case "finished": {
      const { evaluationSeconds, outcome, step, trainingSeconds } = event
      return { ...result, outcome, numSteps: step, trainingSeconds, evaluationSeconds }
    }
  }
}

const rows = [
  ["encoder", "trained encoder"],
  ["untrainedEncoder", "untrained encoder"],
  ["rawPixels", "raw pixels"]
] as const

/** What the commands need that go on from a run, beside its config. */
export interface Continuation {
  /** Flags that a config does not hold, as they were given. */
  readonly flags: Readonly<Record<string, string | undefined>>
  /** Steps of the newest checkpoint, where there is one. */
  readonly savedStep: number | undefined
  /** The weights that it began with, where they are not the seed's. */
  readonly initial?: string | undefined
}

/** The closing words of a run. */
export const renderSummary = (
  result: RunResult,
  config: RunConfig,
  { flags, initial, savedStep }: Continuation
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
  const isWhole = result.outcome === "completed"
  return [
    "",
    ...table(result, config),
    `${isWhole ? "trained" : "interrupted after"} ${result.numSteps} steps in ${took}`,
    `run folder: ${Escape.line(result.runFolder)}`,
    isWhole
      ? `next, the same with another seed: ${again}`
      : savedStep === undefined
        ? "no checkpoint of it could be saved: there is nothing to go on from"
        : on
  ].join("\n")
}

const table = ({ evaluations }: RunResult, config: RunConfig): ReadonlyArray<string> => {
  const { neighbours } = config.evaluation
  const title = `kNN accuracy on the ${config.data.evaluationSplit} images`
  const head = [title.padEnd(34), ...neighbours.map((k) => `k=${k}`.padStart(9))].join("")
  const row = (name: string, accuracies: ReadonlyArray<NeighbourAccuracy> | undefined) => {
    const cells = neighbours.map((k) => {
      const found = accuracies?.find((accuracy) => accuracy.k === k)
      return (found === undefined ? "-" : `${percent(found.accuracy)} %`).padStart(9)
    })
    return [`  ${name}`.padEnd(34), ...cells].join("")
  }
  // Of a run that was stopped before anything was judged there is nothing to show.
  const judged = rows.filter(([subject]) => evaluations[subject] !== undefined)
  return judged.length === 0
    ? []
    : [head, ...judged.map(([subject, name]) => row(name, evaluations[subject])), ""]
}
