import * as RunLog from "@moco/train/RunLog"
import type { Trial } from "@moco/train/Study"
import type { EpochSummary } from "@moco/train/Study/Report"
import type { TrialProgress } from "@moco/train/Study/TrialExecutor"
import type { CompletedTrial, FailedTrial, TrialRecord } from "@moco/train/Study/TrialRecord"
import { ByteSize, Clock, Effect, FileSystem, Option } from "effect"
import { ExitCode } from "../../ExitCode.ts"

/** A trial whose process has ended. */
export interface TrialEnd {
  readonly trial: Trial
  readonly seconds: number
  readonly runFolder: string
}

/** The record of a run that reached its end, from its run log. */
export const completedTrial = Effect.fnUntraced(function* (end: TrialEnd, metrics: string) {
  const events = yield* RunLog.read(metrics)
  const finished = events.findLast((event) => event.event === "finished")
  const neighbours = (subject: RunLog.Subject) =>
    events.findLast((event) => event.event === "evaluation" && event.subject === subject) as
      | (RunLog.RunRecord & { event: "evaluation" })
      | undefined
  const steps = events.filter(isStep)
  const [encoder, untrainedEncoder, rawPixels] = [
    neighbours("encoder"),
    neighbours("untrainedEncoder"),
    neighbours("rawPixels")
  ]
  if (!finished || !encoder || !untrainedEncoder || !rawPixels) {
    return yield* failedTrial(
      end,
      metrics,
      ExitCode.corrupt,
      `error: ${metrics} does not tell the end of the run`
    )
  }
  const record: CompletedTrial = {
    ...(yield* common(end, epochsOf(steps))),
    outcome: "completed",
    evaluations: {
      encoder: encoder.neighbours,
      untrainedEncoder: untrainedEncoder.neighbours,
      rawPixels: rawPixels.neighbours
    },
    chanceLoss: steps[0]?.chanceLoss ?? Number.NaN,
    numSteps: finished.step,
    trainingSeconds: finished.trainingSeconds,
    evaluationSeconds: finished.evaluationSeconds
  }
  return record as TrialRecord
})

/** The record of a run that ended otherwise, with as much of its curve as it has left. */
export const failedTrial = Effect.fnUntraced(function* (
  end: TrialEnd,
  metrics: string,
  exitCode: number,
  stderr: string
) {
  const events: ReadonlyArray<RunLog.RunRecord> = yield* Effect.orElseSucceed(RunLog.read(metrics), () => [])
  const steps = events.filter(isStep)
  const record: FailedTrial = {
    ...(yield* common(end, epochsOf(steps))),
    outcome: "failed",
    exitCode,
    reason: reasonOf(stderr, exitCode),
    isFinal: exitCode === ExitCode.nonFinite
  }
  return record as TrialRecord
})

/** How far a run is, from the end of its log; nothing where it has not begun. */
export const lastStep = Effect.fnUntraced(function* (metrics: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const file = yield* fileSystem.open(metrics, { flag: "r" })
  const size = ByteSize.toBigInt((yield* file.stat).size)
  yield* file.seek(size > tailBytes ? size - tailBytes : 0n, "start")
  const tail = Option.getOrElse(yield* file.readAlloc(Number(tailBytes)), () => new Uint8Array())
  const lines = new TextDecoder().decode(tail).split("\n").slice(0, -1)
  const line = lines.findLast((text) => text.includes('"event":"step"'))
  return line === undefined ? undefined : progressOf(line)
}, Effect.scoped)

type StepRecord = RunLog.RunRecord & { readonly event: "step" }

const isStep = (event: RunLog.RunRecord): event is StepRecord => event.event === "step"

/** Some lines of a run log. */
const tailBytes = 4096n

const progressOf = (line: string): TrialProgress | undefined => {
  try {
    const { epoch, loss, numEpochs, numSteps, step } = JSON.parse(line)
    return { step: step + 1, numSteps, epoch: epoch + 1, numEpochs, loss }
  } catch {
    // The tail may begin in the middle of its only line.
    return undefined
  }
}

const common = ({ runFolder, seconds, trial }: TrialEnd, epochs: ReadonlyArray<EpochSummary>) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    time: new Date(now).toISOString(),
    trial: trial.id,
    settings: trial.settings,
    seed: trial.seed,
    seconds,
    runFolder,
    epochs
  }))

const epochsOf = (steps: ReadonlyArray<StepRecord>): ReadonlyArray<EpochSummary> => {
  const byEpoch = Map.groupBy(steps, ({ epoch }) => epoch)
  const mean = (values: ReadonlyArray<number>) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  return [...byEpoch].map(([epoch, own]) => ({
    epoch: epoch + 1,
    loss: mean(own.map(({ loss }) => loss)),
    pretextAccuracy: mean(own.map(({ pretextAccuracy }) => pretextAccuracy))
  }))
}

/** The error message of a run, without what it said before. */
const reasonOf = (stderr: string, exitCode: number): string => {
  const start = stderr.lastIndexOf("error: ")
  const message = (start < 0 ? stderr : stderr.slice(start + "error: ".length)).trim()
  return message === "" ? `the process ended with exit code ${exitCode}` : message
}
