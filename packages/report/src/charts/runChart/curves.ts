import type { RunConfig } from "@moco/train/RunConfig"
import type { RunEvent } from "@moco/train/RunLog"

/** A run as it is drawn. */
export interface DrawnRun {
  /** What its folder is called. */
  readonly name: string
  readonly config: RunConfig
  /** Its log, oldest first. */
  readonly events: ReadonlyArray<RunEvent>
}

/** A value after a part of the training, counted in epochs. */
export interface Point {
  readonly epoch: number
  readonly value: number
}

type Step = RunEvent & { readonly event: "step" }
type Evaluation = RunEvent & { readonly event: "evaluation" }

export const stepsOf = ({ events }: DrawnRun): ReadonlyArray<Step> =>
  events.filter((event) => event.event === "step")

/** Steps over which the loss is averaged: single ones jump. */
export const meanOver = 20

/** More points than a plot has pixels show nothing more. */
const maxPoints = 600

/** The running mean of the loss, in nats. */
export const lossPoints = (run: DrawnRun): ReadonlyArray<Point> => {
  const steps = stepsOf(run)
  const every = Math.max(1, Math.ceil(steps.length / maxPoints))
  return steps.flatMap((step, i) => {
    if (i % every !== 0 && i < steps.length - 1) return []
    const window = steps.slice(Math.max(0, i - meanOver + 1), i + 1)
    const value = window.reduce((sum, { loss }) => sum + loss, 0) / window.length
    return [{ epoch: epochsAfter(step), value }]
  })
}

/** Epochs behind a run once it has taken `step`. */
const epochsAfter = ({ numEpochs, numSteps, step }: Step): number => ((step + 1) * numEpochs) / numSteps

/** kNN accuracy in percent, from the untrained encoder on. */
export const accuracyPoints = (run: DrawnRun, k: number): ReadonlyArray<Point> =>
  [...evaluationsOf(run, "untrainedEncoder").slice(0, 1), ...evaluationsOf(run, "encoder")].flatMap(
    (event) => {
      const value = accuracyOf(event, k)
      return value === undefined ? [] : [{ epoch: event.epoch, value }]
    }
  )

/** That of raw pixels, in percent. */
export const pixelAccuracy = (run: DrawnRun, k: number): number | undefined => {
  const [event] = evaluationsOf(run, "rawPixels")
  return event === undefined ? undefined : accuracyOf(event, k)
}

/** Every k that any of the runs was judged with, from many neighbours to few. */
export const neighboursOf = (runs: ReadonlyArray<DrawnRun>): ReadonlyArray<number> => {
  const all = runs.flatMap(({ events }) =>
    events.flatMap((event) => (event.event === "evaluation" ? event.neighbours.map(({ k }) => k) : []))
  )
  return [...new Set(all)].sort((a, b) => b - a)
}

const evaluationsOf = ({ events }: DrawnRun, subject: Evaluation["subject"]): ReadonlyArray<Evaluation> =>
  events.filter((event) => event.event === "evaluation").filter((event) => event.subject === subject)

const accuracyOf = ({ neighbours }: Evaluation, k: number): number | undefined => {
  const found = neighbours.find((neighbour) => neighbour.k === k)
  return found === undefined ? undefined : 100 * found.accuracy
}
