import * as SafeFile from "@moco/core/SafeFile"
import { withNewer } from "@moco/evaluation/Measurement"
import { ExitCode } from "@moco/train/ExitCode"
import * as RunLog from "@moco/train/RunLog"
import { Clock, Effect, FileSystem, Option, Schema } from "effect"
import type { EpochSummary } from "../Report.ts"
import type { Trial } from "../Study.ts"
import type { TrialProgress } from "../TrialExecutor.ts"
import { type FailedTrial, formatVersion, type TrialRecord } from "../TrialRecord.ts"
import { epochsOf, finalMeasurements, levelsOf } from "./epochs.ts"

/** A trial whose run has ended. */
export interface TrialEnd {
  readonly trial: Trial
  readonly seconds: number
  readonly runFolder: string
}

/** How a run has ended, wherever it was. */
export interface Ended {
  /** As `moco train` has it; {@link endedBySignal} and the signal's number where a signal ended its process. */
  readonly exitCode: number
  /** Why it failed, in words; empty where it did not. */
  readonly reason: string
}

/** Exit codes from here on tell of a signal, as those of a shell do. */
export const endedBySignal = 128

/** The record of a run that reached its end, from its run log. */
export const completedTrial = Effect.fnUntraced(function* (
  end: TrialEnd,
  metrics: string
): Effect.fn.Return<TrialRecord, RunLog.RunLogError | RunLog.RunLogCorrupt, FileSystem.FileSystem> {
  const events = yield* RunLog.read(metrics)
  const measurements = events
    .flatMap((event) => (event.event === "evaluation" ? [event.measurements] : []))
    .reduce(withNewer, [])
  const finished = events.findLast((event) => event.event === "finished")
  const steps = events.filter(isStep)
  if (finished?.outcome !== "completed") {
    const reason = `${metrics} does not tell the end of the run`
    return yield* failedTrial(end, events, { exitCode: ExitCode.corrupt, reason })
  }
  const { evaluationSeconds, step, trainingSeconds } = finished
  const epochs = epochsOf(steps)
  return {
    ...(yield* common(end, epochs)),
    // A run that another process has watched took at least this long.
    seconds: Math.max(end.seconds, trainingSeconds + evaluationSeconds),
    outcome: "completed",
    measurements: [...measurements, ...finalMeasurements(epochs.at(-1))],
    levels: levelsOf(steps),
    numSteps: step,
    trainingSeconds,
    evaluationSeconds
  }
})

/** The record of a run that ended otherwise, with as much of its curve as it has left. */
export const failedTrial = (
  end: TrialEnd,
  events: ReadonlyArray<RunLog.RunRecord>,
  { exitCode, reason }: Ended
): Effect.Effect<FailedTrial> =>
  Effect.map(common(end, epochsOf(events.filter(isStep))), (known) => ({
    ...known,
    outcome: "failed",
    ...{ exitCode, reason, isFinal: exitCode === ExitCode.nonFinite }
  }))

/** Whether a run log tells of a run that reached its end. */
export const hasCompleted = (metrics: string) =>
  Effect.match(RunLog.readLast(metrics), {
    onFailure: () => false,
    onSuccess: (last) => last?.event === "finished" && last.outcome === "completed"
  })

/** What a run has logged; nothing where it has no log. */
export const eventsIn = Effect.fnUntraced(function* (metrics: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const isThere = yield* Effect.orElseSucceed(fileSystem.exists(metrics), () => true)
  return isThere ? yield* RunLog.read(metrics) : []
})

/** How far a run is, from the end of its log; nothing where it has not begun. */
export const lastStep = Effect.fnUntraced(function* (metrics: string) {
  const { bytes } = yield* SafeFile.readTail(metrics, { maxBytes: tailBytes })
  const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1)
  const line = lines.findLast((text) => text.includes('"event":"step"'))
  return line === undefined ? undefined : progressOf(line)
})

type StepRecord = RunLog.RunRecord & { readonly event: "step" }

/** Whether an event is a step. */
export const isStep = (event: RunLog.RunRecord): event is StepRecord => event.event === "step"

/** Some lines of a run log, among them what a few evaluations have measured. */
const tailBytes = 2 ** 15

const StepLine = Schema.fromJsonString(
  Schema.toCodecJson(
    Schema.Struct({
      step: Schema.Int,
      numSteps: Schema.Int,
      epoch: Schema.Int,
      numEpochs: Schema.Int,
      metrics: Schema.Record(Schema.String, Schema.Number)
    })
  )
)

/** Nothing where the tail begins in the middle of its only line. */
const progressOf = (line: string): TrialProgress | undefined =>
  Option.getOrUndefined(
    Option.map(
      Schema.decodeUnknownOption(StepLine)(line),
      ({ epoch, metrics, numEpochs, numSteps, step }) => ({
        step: step + 1,
        numSteps,
        epoch: epoch + 1,
        numEpochs,
        metrics
      })
    )
  )

const common = ({ runFolder, seconds, trial }: TrialEnd, epochs: ReadonlyArray<EpochSummary>) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    format: formatVersion as typeof formatVersion,
    time: new Date(now).toISOString(),
    trial: trial.id,
    settings: trial.settings,
    seed: trial.seed,
    seconds,
    runFolder,
    epochs
  }))
