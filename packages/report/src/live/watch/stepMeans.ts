import type { RunEvent } from "@moco/train/RunLog"
import { epochsAfter, maxPoints, meanOver, type Point } from "../../charts/runChart/curves.ts"

type Step = RunEvent & { readonly event: "step" }

/** The running means of a run's steps as it goes on, in room that does not grow with the run. */
export interface StepMeans {
  readonly take: (step: Step) => void
  /** The mean of {@link meanOver} steps, by key: of some hundreds of steps evenly apart, and of the newest. */
  readonly points: (key: string) => ReadonlyArray<Point>
  /** The newest steps, at most {@link meanOver}, oldest first. */
  readonly recent: () => ReadonlyArray<Step>
  /** How many were taken. */
  readonly count: () => number
}

interface Mean {
  readonly index: number
  readonly epoch: number
  readonly values: Readonly<Record<string, number>>
}

/**
 * Keeps a mean every so many steps; where they become more than `2 * most`, every other one is dropped. What is kept is
 * what `stepPoints` makes of all steps.
 */
export const stepMeans = (most = maxPoints): StepMeans => {
  let [recent, kept]: [ReadonlyArray<Step>, Array<Mean>] = [[], []]
  let [count, every] = [0, 1]
  return {
    take: (step) => {
      recent = [...recent.slice(-meanOver + 1), step]
      if (count % every === 0) kept.push(meanOf(recent, count))
      count++
      if (kept.length > 2 * most) {
        every *= 2
        kept = kept.filter(({ index }) => index % every === 0)
      }
    },
    points: (key) => {
      const last = count > 0 && kept.at(-1)?.index !== count - 1 ? [meanOf(recent, count - 1)] : []
      return [...kept, ...last].map(({ epoch, values }) => ({ epoch, value: values[key] ?? Number.NaN }))
    },
    recent: () => recent,
    count: () => count
  }
}

/** Of every key that the newest step has. */
const meanOf = (steps: ReadonlyArray<Step>, index: number): Mean => {
  const last = steps.at(-1)!
  const mean = (key: string) =>
    steps.reduce((sum, { metrics }) => sum + (metrics[key] ?? Number.NaN), 0) / steps.length
  const values = Object.fromEntries(Object.keys(last.metrics).map((key) => [key, mean(key)]))
  return { index, epoch: epochsAfter(last), values }
}
