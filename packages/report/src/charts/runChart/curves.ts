import { inOrder } from "@moco/evaluation/inOrder"
import type { Measurement, Metric } from "@moco/evaluation/Measurement"
import { isBaseline, untrainedEncoder } from "@moco/evaluation/subjects"
import type { RunConfig } from "@moco/train/RunConfig"
import type { RunEvent } from "@moco/train/RunLog"

/** A run as it is drawn. */
export interface DrawnRun {
  /** What its folder is called. */
  readonly name: string
  readonly config: RunConfig
  /** Its log, oldest first. */
  readonly events: ReadonlyArray<RunEvent>
  /** The running means of all steps by key, where `events` has only some of them. */
  readonly means?: (key: string) => ReadonlyArray<Point>
}

/** A value after a part of the training, counted in epochs. */
export interface Point {
  readonly epoch: number
  readonly value: number
}

type Step = RunEvent & { readonly event: "step" }

export const stepsOf = ({ events }: DrawnRun): ReadonlyArray<Step> =>
  events.filter((event) => event.event === "step")

/** Steps over which a metric is averaged: single ones jump. */
export const meanOver = 20

/** More points than a plot has pixels show nothing more. */
export const maxPoints = 600

/** The running mean of a step's metric, by key. */
export const stepPoints = (run: DrawnRun, key: string): ReadonlyArray<Point> => {
  if (run.means !== undefined) return run.means(key)
  const steps = stepsOf(run)
  const every = Math.max(1, Math.ceil(steps.length / maxPoints))
  return steps.flatMap((step, i) => {
    if (i % every !== 0 && i < steps.length - 1) return []
    const window = steps.slice(Math.max(0, i - meanOver + 1), i + 1)
    const value = window.reduce((sum, { metrics }) => sum + (metrics[key] ?? Number.NaN), 0) / window.length
    return [{ epoch: epochsAfter(step), value }]
  })
}

/** Epochs behind a run once it has taken `step`. */
export const epochsAfter = ({ numEpochs, numSteps, step }: Step): number =>
  ((step + 1) * numEpochs) / numSteps

interface Evaluated extends Measurement {
  readonly epoch: number
}

/** What the evaluations of a run have measured of a metric, oldest first. */
const evaluated = ({ events }: DrawnRun, metric: string): ReadonlyArray<Evaluated> =>
  events.flatMap((event) =>
    event.event === "evaluation"
      ? event.measurements.flatMap((found) =>
          found.metric === metric ? [{ ...found, epoch: event.epoch }] : []
        )
      : []
  )

/** A metric of the trained encoder, from where it began: the untrained one, if the run was measured there. */
export const evaluationPoints = (run: DrawnRun, metric: string): ReadonlyArray<Point> => {
  const all = evaluated(run, metric)
  const [untrained] = all.filter(({ subject }) => subject === untrainedEncoder)
  return [...(untrained === undefined ? [] : [untrained]), ...all.filter((found) => !isBaseline(found))]
}

/** The other baselines of a metric: levels that do not depend on the epoch. */
export const baselinesOf = (run: DrawnRun, metric: string): ReadonlyArray<Measurement> =>
  evaluated(run, metric).filter((found) => isBaseline(found) && found.subject !== untrainedEncoder)

/** Every metric that the evaluations of any of the runs have measured, in the order of these. */
export const metricsOf = (runs: ReadonlyArray<DrawnRun>): ReadonlyArray<Metric> => {
  const all = runs.flatMap(({ events }) =>
    events.flatMap((event) => (event.event === "evaluation" ? event.measurements : []))
  )
  return inOrder(all.filter(({ metric }, i) => all.findIndex((other) => other.metric === metric) === i))
}
