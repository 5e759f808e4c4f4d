import { Schema } from "effect"

const metricFields = {
  /** Which evaluation measures it: `knn`; of a training step `training`. */
  evaluation: Schema.String,
  /**
   * Its name, unique in a run, as a table shows it. Where an evaluation measures one thing in several ways, the way
   * stands in parentheses at the end: `kNN accuracy (k = 200)`.
   */
  metric: Schema.String,
  /** `fraction` is 0 to 1 and is shown in %; empty where there is none. */
  unit: Schema.String,
  /** `null` where neither is better, as with a learning rate. */
  higherIsBetter: Schema.NullOr(Schema.Boolean),
  /** How it is measured, in a sentence: two values of one metric and one protocol can be compared. */
  protocol: Schema.String
}

/** What a number means, whatever it is measured of. */
export const Metric = Schema.Struct(metricFields)
export type Metric = typeof Metric.Type

/** Where a value lies with a probability of 95 %, over other images to evaluate on of the same kind. */
export const Interval = Schema.Struct({ low: Schema.Number, high: Schema.Number })
export type Interval = typeof Interval.Type

/** How often numbers fall into each of some equal bins from `low` to `high`; what lies beyond is in the outermost. */
export const Distribution = Schema.Struct({
  low: Schema.Finite,
  high: Schema.Finite,
  counts: Schema.Array(Schema.Int)
})
export type Distribution = typeof Distribution.Type

/** What some measurements say beside their value. */
const details = {
  /** Images that it is of. */
  numImages: Schema.optionalKey(Schema.Int),
  interval: Schema.optionalKey(Interval),
  /** Of the numbers that `value` is the mean of. */
  distribution: Schema.optionalKey(Distribution)
}

/** A number that was measured, with everything that is needed to show it and to compare it. */
export const Measurement = Schema.Struct({
  /** What was measured: the trained encoder, a baseline beside it, or what somebody else has made. */
  subject: Schema.String,
  evaluation: metricFields.evaluation,
  metric: metricFields.metric,
  /** One that is not finite is kept: it is what one looks for. */
  value: Schema.Number,
  unit: metricFields.unit,
  higherIsBetter: metricFields.higherIsBetter,
  protocol: metricFields.protocol,
  ...details
})
export type Measurement = typeof Measurement.Type

/** A metric's value for a subject. */
export const measured = (
  { evaluation, higherIsBetter, metric, protocol, unit }: Metric,
  subject: string,
  value: number,
  details: Pick<Measurement, "numImages" | "interval" | "distribution"> = {}
): Measurement => ({ subject, evaluation, metric, value, unit, higherIsBetter, protocol, ...details })

type Measured = Pick<Measurement, "subject" | "metric">

/** Whether two measurements tell the same thing of the same subject, at different times. */
const isSame = (a: Measured, b: Measured): boolean => a.subject === b.subject && a.metric === b.metric

/** The newest measurements of everything: those of `now` in place of older ones. */
export const withNewer = (
  before: ReadonlyArray<Measurement>,
  now: ReadonlyArray<Measurement>
): ReadonlyArray<Measurement> => {
  const renewed = new Set(now.map(keyOf))
  return [...before.filter((old) => !renewed.has(keyOf(old))), ...now]
}

const keyOf = ({ metric, subject }: Measured): string => JSON.stringify([subject, metric])

/** The measurement of a metric for a subject, where there is one. */
export const find = (measurements: ReadonlyArray<Measurement>, wanted: Measured): Measurement | undefined =>
  measurements.find((measurement) => isSame(measurement, wanted))

/** Whether `value` is a better result than `other`; never where the metric has no direction. */
export const isBetter = (
  { higherIsBetter }: Pick<Metric, "higherIsBetter">,
  value: number,
  other: number
): boolean => (higherIsBetter === null ? false : higherIsBetter ? value > other : value < other)

/** The metric that decides which state is the best, and what a study is about: the first of the first evaluation. */
export const primary = <M extends Metric>(metrics: ReadonlyArray<M>): M | undefined => metrics[0]
