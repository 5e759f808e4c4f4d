import type { Metric } from "@moco/evaluation/Measurement"

/** What a run has measured. */
export interface Measured {
  readonly name: string
  readonly metrics: ReadonlyArray<Metric>
}

/** A way in which a metric was measured. */
export interface Way {
  readonly metric: Metric
  /** The names of those that measured it so. */
  readonly runs: ReadonlyArray<string>
  /** Whether all that have measured it did so in this way. */
  readonly isAlone: boolean
}

/** What stands before a metric that was measured in several ways. */
export const differs = "\u2260"

/** The first of each metric. */
export const eachOnce = <M extends Metric>(metrics: ReadonlyArray<M>): ReadonlyArray<M> =>
  [...Map.groupBy(metrics, ({ metric }) => metric).values()].map(([first]) => first!)

/** Every way in which runs have measured each metric, in order of appearance. */
export const waysOf = (runs: ReadonlyArray<Measured>): ReadonlyArray<Way> => {
  const all = runs.flatMap(({ metrics, name }) => eachOnce(metrics).map((metric) => ({ name, metric })))
  return [...Map.groupBy(all, ({ metric }) => metric.metric).values()].flatMap((same) => {
    const ways = [...Map.groupBy(same, ({ metric }) => wayKey(metric)).values()]
    return ways.map(
      (found): Way => ({
        metric: found[0]!.metric,
        runs: found.map(({ name }) => name),
        isAlone: ways.length === 1
      })
    )
  })
}

const wayKey = ({ evaluation, protocol, unit }: Metric): string =>
  JSON.stringify([evaluation, unit, protocol])
