import { trainedEncoder } from "@moco/evaluation/subjects"
import { type DrawnRun, meanOver, stepsOf } from "../../charts/runChart/curves.ts"
import { lastMeasurements } from "./measurements.ts"

/** What is wrong with a run, or to be known of it before its figures are read. */
export interface Trouble {
  readonly kind: "collapsed" | "diverged" | "standstill" | "unfinished"
  readonly title: string
  readonly reasons: ReadonlyArray<string>
}

/** Of the spread that features of no preferred direction have, 1/sqrt(D): less than this part of it is a collapse. */
const collapsedPart = 0.1
/** A mean similarity above this, of positives and of negatives, leaves nothing to tell them apart by. */
const allAlike = 0.99

/** What is wrong with a run, the worst first; `given` is what it has ended by, where its log could not take it. */
export const troublesOf = (run: DrawnRun, given?: string): ReadonlyArray<Trouble> => {
  const last = run.events.at(-1)
  const failure = last?.event === "diverged" ? last.reason : given
  return [diverged(run, failure), collapsed(run), standstill(run), unfinished(run, failure)].flatMap(
    (trouble) => (trouble === undefined || trouble.reasons.length === 0 ? [] : [trouble])
  )
}

const diverged = (run: DrawnRun, failure: string | undefined): Trouble => {
  const back = run.events.flatMap((event) =>
    event.event === "rolledBack"
      ? [
          `step ${event.failedStep + 1} gave a number that is not finite (${event.reason}); the run went back to step ${event.step} and on with ${event.rateFactor} times the learning rate`
        ]
      : []
  )
  const bad = stepsOf(run).find(({ metrics }) =>
    [metrics["loss"], metrics["gradientNorm"]].some((value) => value !== undefined && !Number.isFinite(value))
  )
  const steps = bad === undefined ? [] : [`loss or gradient of step ${bad.step + 1} is not finite`]
  const ended = failure === undefined ? [] : [failure]
  const title = "This run diverged: its numbers grew beyond what can be computed with."
  return { kind: "diverged", title, reasons: [...ended, ...back, ...steps] }
}

const collapsed = (run: DrawnRun): Trouble => {
  const { featureSize } = run.config.encoder
  const spread = mean(
    stepsOf(run)
      .slice(-meanOver)
      .flatMap(({ metrics }) => metrics["featureStd"] ?? [])
  )
  const even = 1 / Math.sqrt(featureSize)
  const narrow =
    spread !== undefined && spread < collapsedPart * even
      ? [
          `the spread of the features in the last ${meanOver} steps is ${spread.toPrecision(2)}, and 1/sqrt(D) = ${even.toPrecision(2)} would be even: all images have nearly one feature`
        ]
      : []
  const similarity = (sign: string) =>
    lastMeasurements(run).find(
      ({ evaluation, metric, subject }) =>
        evaluation === "pretext" && subject === trainedEncoder && metric.startsWith(`${sign} similarity`)
    )?.value
  const [positive, negative] = [similarity("positive"), similarity("negative")]
  const alike =
    positive !== undefined && negative !== undefined && Math.min(positive, negative) > allAlike
      ? [
          `positive and negative similarities are both near 1 (${positive.toFixed(3)} and ${negative.toFixed(3)})`
        ]
      : []
  const title = "This run collapsed: the encoder gives every image the same feature. Its scores mean nothing."
  return { kind: "collapsed", title, reasons: [...narrow, ...alike] }
}

const standstill = ({ events }: DrawnRun): Trouble => ({
  kind: "standstill",
  title: "This run stood still: its numbers are finite, and it learned nothing.",
  reasons: events.flatMap((event) =>
    event.event === "standstill" ? [`from step ${event.step + 1}: ${event.message}`] : []
  )
})

const unfinished = (run: DrawnRun, failure: string | undefined): Trouble => {
  const [last] = stepsOf(run).slice(-1)
  const at = last === undefined ? "before its first step" : `after step ${last.step + 1} of ${last.numSteps}`
  const end = run.events.at(-1)
  const why =
    failure !== undefined
      ? []
      : end?.event !== "finished"
        ? [`the log ends ${at}: the run is still training, or it was killed, or it ended in an error`]
        : end.outcome === "interrupted"
          ? [`it was stopped ${at}; what follows is of its state there`]
          : []
  return { kind: "unfinished", title: "This run has not reached its end.", reasons: why }
}

const mean = (values: ReadonlyArray<number>): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
