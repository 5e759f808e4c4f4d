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
  /** Mean loss over the epoch's steps, in nats. */
  loss: Schema.Number,
  /** Mean pretext accuracy over the epoch's steps, 0 to 1. */
  pretextAccuracy: Schema.Number
})
export type EpochSummary = typeof EpochSummary.Type

/** One cell of the grid: what its seeds have given. Accuracies are fractions, 0 to 1. */
export interface CellReport {
  readonly settings: Settings
  /** kNN accuracy at the end of training; absent where no seed has finished. */
  readonly accuracy: Estimate | undefined
  /** The single accuracies by seed, in the order of the seeds. */
  readonly values: ReadonlyArray<{ readonly seed: number; readonly accuracy: number }>
  /** Pretext accuracy by seed, the mean over the last epoch. */
  readonly finalPretextAccuracies: ReadonlyArray<{ readonly seed: number; readonly accuracy: number }>
  /** Steps that a run takes; absent where no seed has finished. */
  readonly numSteps: number | undefined
  /** Runs that ended in an error (a loss that is not finite, ...). */
  readonly failures: ReadonlyArray<{ readonly seed: number; readonly reason: string }>
  /** Loss and pretext accuracy by epoch, each the mean over the seeds that finished. */
  readonly curve: ReadonlyArray<EpochSummary>
  /** The loss of features that know nothing, in nats; absent where no seed has finished. */
  readonly chanceLoss: number | undefined
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
  /** The k of the kNN accuracy. */
  readonly neighbours: number
  /** The judged baselines, as fractions: the mean over all trials; absent where cells differ in them. */
  readonly baselines: {
    readonly rawPixels: number | undefined
    readonly untrainedEncoder: number | undefined
  }
}
