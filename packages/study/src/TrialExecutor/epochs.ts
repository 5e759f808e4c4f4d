import { type Measurement, measured } from "@moco/evaluation/Measurement"
import { trainedEncoder } from "@moco/evaluation/subjects"
import type { RunRecord } from "@moco/train/RunLog"
import { allStepMetrics } from "@moco/train/stepMetrics"
import type { EpochSummary } from "../Report.ts"

type StepRecord = RunRecord & { readonly event: "step" }

const byEpoch = Object.entries(allStepMetrics).filter(([, { isByEpoch }]) => isByEpoch)

/** What is kept of a run's steps: means over every epoch, of the metrics that are drawn by epoch. */
export const epochsOf = (steps: ReadonlyArray<StepRecord>): ReadonlyArray<EpochSummary> =>
  [...Map.groupBy(steps, ({ epoch }) => epoch)].map(([epoch, own]) => ({
    epoch: epoch + 1,
    metrics: Object.fromEntries(
      byEpoch.flatMap(([key]) => {
        const values = own.flatMap(({ metrics }) => metrics[key] ?? [])
        return values.length === 0 ? [] : [[key, mean(values)]]
      })
    )
  }))

/** The levels that these metrics are compared with, as the first step tells them. */
export const levelsOf = ([first]: ReadonlyArray<StepRecord>): Readonly<Record<string, number>> => {
  const keys = byEpoch.flatMap(([, { levels }]) => Object.values(levels ?? {}))
  return Object.fromEntries(keys.map((key) => [key, first?.metrics[key] ?? Number.NaN]))
}

/** What training itself has measured of the encoder: the means over its last epoch. */
export const finalMeasurements = (last: EpochSummary | undefined): ReadonlyArray<Measurement> =>
  byEpoch.flatMap(([key, metric]) => {
    const value = last?.metrics[key]
    if (value === undefined) return []
    const protocol = `${metric.protocol}; the mean over the steps of the last epoch`
    return [measured({ ...metric, protocol }, trainedEncoder, value)]
  })

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length
