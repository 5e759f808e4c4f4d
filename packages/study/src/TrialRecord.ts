import { Measurement } from "@moco/evaluation/Measurement"
import { Schema } from "effect"
import { EpochSummary, Settings } from "./Report.ts"

/** Version of a record's lines; raised when an older program could not read a newer one. */
export const formatVersion = 2

const common = {
  format: Schema.Literal(formatVersion),
  /** When the trial ended, ISO 8601 in UTC. */
  time: Schema.String,
  /** Names the trial's config. */
  trial: Schema.String,
  settings: Settings,
  seed: Schema.Int,
  /** Wall time of the whole run. */
  seconds: Schema.Finite,
  /** The run folder, relative to the study's. */
  runFolder: Schema.String,
  epochs: Schema.Array(EpochSummary)
}

/** A run that reached its end. */
export const CompletedTrial = Schema.Struct({
  ...common,
  outcome: Schema.Literal("completed"),
  /** The last of every evaluation, of the trained encoder and of the baselines; and of training, the last epoch's means. */
  measurements: Schema.Array(Measurement),
  /** Levels that metrics of a step are compared with, by key. */
  levels: Schema.Record(Schema.String, Schema.Number),
  numSteps: Schema.Int,
  trainingSeconds: Schema.Finite,
  evaluationSeconds: Schema.Finite
})
export type CompletedTrial = typeof CompletedTrial.Type

/** A run that ended in an error. */
export const FailedTrial = Schema.Struct({
  ...common,
  outcome: Schema.Literal("failed"),
  exitCode: Schema.Int,
  /** What the run said. */
  reason: Schema.String,
  /** Whether the failure belongs to the setting (a loss that is not finite): then a repetition would fail again. */
  isFinal: Schema.Boolean
})
export type FailedTrial = typeof FailedTrial.Type

/** What came out of one trial. */
export const TrialRecord = Schema.Union([CompletedTrial, FailedTrial])
export type TrialRecord = typeof TrialRecord.Type
