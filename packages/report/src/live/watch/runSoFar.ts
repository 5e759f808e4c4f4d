import { shorten } from "@moco/train/RunConfig/Problem"
import { decodeRecord, type RunEvent, type RunRecord } from "@moco/train/RunLog"
import { Result } from "effect"
import type { DrawnRun } from "../../charts/runChart/curves.ts"
import { visibleEvent } from "../../charts/runChart/readRun.ts"
import { advance, type Status } from "../Progress/line.ts"
import { type StepMeans, stepMeans } from "./stepMeans.ts"

type Step = RunEvent & { readonly event: "step" }
type Other = Exclude<RunRecord, { readonly event: "step" }>

/** What the lines of a run's log have told, in room that grows with its evaluations and not with its steps. */
export interface RunSoFar {
  readonly means: StepMeans
  /** The first step of all; the first one whose loss or gradient is not finite. */
  readonly first: Step | undefined
  readonly lost: Step | undefined
  /** All events but steps, oldest first. */
  readonly events: ReadonlyArray<Other>
  readonly status: Status | undefined
  readonly lastStep: (RunRecord & { readonly event: "step" }) | undefined
  /** When something was last written down, milliseconds. */
  readonly heardAt: number | undefined
  /** What is wrong with lines, in words; of many the first ones. */
  readonly problems: ReadonlyArray<string>
}

/** Of a log that has no line yet. */
export const nothingYet = (): RunSoFar => ({
  ...{ means: stepMeans(), first: undefined, lost: undefined, events: [], status: undefined },
  ...{ lastStep: undefined, heardAt: undefined, problems: [] }
})

const maxProblems = 5

/** With one more line of the log. */
export const withLine = (run: RunSoFar, line: string): RunSoFar => {
  const decoded = decodeRecord(line)
  if (Result.isFailure(decoded)) {
    const { failure } = decoded
    const problem = shorten(typeof failure === "string" ? failure : failure.reason, 300)
    return { ...run, problems: [...run.problems, problem].slice(0, maxProblems) }
  }
  const record = decoded.success
  const time = Date.parse(record.time)
  const heard = { ...run, heardAt: Number.isFinite(time) ? time : run.heardAt }
  return record.event === "step"
    ? withStep(heard, record)
    : { ...heard, events: [...run.events, shown(record)] }
}

const shown = (record: Other): Other => visibleEvent(record) as Other

const withStep = (run: RunSoFar, step: NonNullable<RunSoFar["lastStep"]>): RunSoFar => {
  run.means.take(step)
  return {
    ...run,
    first: run.first ?? step,
    lost: run.lost ?? (isLost(step) ? step : undefined),
    status: advance(run.status, step),
    lastStep: step
  }
}

const isLost = ({ metrics }: Step): boolean =>
  [metrics["loss"], metrics["gradientNorm"]].some((value) => value !== undefined && !Number.isFinite(value))

/** The run as charts and tables take it; its steps are the first one, the first that was lost and the newest. */
export const drawnRun = (name: string, config: DrawnRun["config"], run: RunSoFar): DrawnRun => {
  const recent = run.means.recent()
  const before = [run.first, run.lost].flatMap((step) =>
    step === undefined || step.step >= (recent[0]?.step ?? 0) ? [] : [step]
  )
  const distinct = before.filter(({ step }, i) => i === 0 || step !== before[0]!.step)
  return { name, config, events: [...distinct, ...run.events, ...recent], means: run.means.points }
}
