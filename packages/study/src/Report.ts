import type { Measurement, Metric } from "@moco/evaluation/Measurement"
import { Schema } from "effect"

/** The values of a cell's axes by axis name, e.g. `{ mechanism: "queue", K: 1024 }`. */
export const Settings = Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite]))
export type Settings = typeof Settings.Type

/** What is known of a mean: of `n` values, with their sample standard deviation and the 95 % t-interval. */
export const Estimate = Schema.Struct({
  mean: Schema.Finite,
  /** Sample standard deviation (n - 1); absent for a single value. */
  std: Schema.optionalKey(Schema.Finite),
  n: Schema.Int,
  /** 95 % t-interval of the mean; absent for a single value. */
  ci: Schema.optionalKey(Schema.Struct({ low: Schema.Finite, high: Schema.Finite }))
})
export type Estimate = typeof Estimate.Type

/** One epoch of a trial. */
export const EpochSummary = Schema.Struct({
  /** Counted from 1. */
  epoch: Schema.Int,
  /** Means over the epoch's steps, by the key of the step's metric. */
  metrics: Schema.Record(Schema.String, Schema.Number)
})
export type EpochSummary = typeof EpochSummary.Type

/** What one seed has given. */
export interface SeedValue {
  readonly seed: number
  readonly value: number
}

/** One cell of the grid: what its seeds have given of the study's metric, in the metric's unit. */
export interface CellReport {
  readonly settings: Settings
  /** At the end of training; absent where no seed has finished. */
  readonly estimate: Estimate | undefined
  /** In the order of the seeds. */
  readonly values: ReadonlyArray<SeedValue>
  /** Steps that a run takes; absent where no seed has finished. */
  readonly numSteps: number | undefined
  /** Runs that ended in an error (a loss that is not finite, ...). */
  readonly failures: ReadonlyArray<{ readonly seed: number; readonly reason: string }>
  /** The steps' metrics by epoch, each the mean over the seeds that finished. */
  readonly curve: ReadonlyArray<EpochSummary>
  /** Levels that metrics of the curve are compared with, by key; empty where no seed has finished. */
  readonly levels: Readonly<Record<string, number>>
}

/** What a paper gives for a cell, in %, of its own data and measure. */
export interface PublishedFigure {
  readonly settings: Settings
  readonly percent: number
}

/** How a study is drawn. */
export const Chart = Schema.Struct({
  /** The axis along x. */
  x: Schema.String,
  /** The axis that tells the lines apart; absent for a single line. */
  series: Schema.optionalKey(Schema.String),
  /** Whether x is a logarithmic axis; values that are not numbers are drawn as categories. */
  logarithmic: Schema.optionalKey(Schema.Boolean)
})
export type Chart = typeof Chart.Type

/** What the charts of a study are drawn from. */
export interface ChartData {
  readonly study: string
  readonly chart: Chart
  readonly cells: ReadonlyArray<CellReport>
  /** What the results are about. */
  readonly metric: Metric
  /** The baselines by that metric, the mean over all trials; one in which cells differ is left out. */
  readonly baselines: ReadonlyArray<Measurement>
}
