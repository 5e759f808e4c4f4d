import type { Measurement } from "@moco/evaluation/Measurement"
import { isBaseline } from "@moco/evaluation/subjects"
import { type RidgeChart, ridgeChart } from "../../charts/inline/ridges.ts"
import type { DrawnRun } from "../../charts/runChart/curves.ts"
import { markup } from "../../markup.ts"
import { card, missing, type Section } from "../page.ts"
import { howToRead } from "./explain.ts"

/** Rows of a chart: more would be too thin to see. */
const maxRows = 10

interface Distributed {
  readonly epoch: number
  readonly found: Measurement & Required<Pick<Measurement, "distribution">>
}

/** How what was measured was distributed, evaluation by evaluation: positive and negative similarities above all. */
export const similarities = (run: DrawnRun): Section => {
  const charts = [...Map.groupBy(distributed(run), ({ found }) => found.evaluation)].map(
    ([evaluation, all]) =>
      card(headingOf(evaluation, all), ridgeChart(chartOf(evaluation, all)), howToRead.similarities, {
        isBeside: true
      })
  )
  const body =
    charts.length === 0
      ? missing(
          "Not measured: no evaluation of this run says how similarities are distributed (evaluations.pretext does)."
        )
      : markup`${charts}`
  return { id: "similarities", heading: "Positive and negative similarities", body }
}

const headingOf = (evaluation: string, all: ReadonlyArray<Distributed>): string =>
  evaluation === "pretext"
    ? "Similarities of views and of others"
    : [...new Set(all.map(({ found }) => found.metric))].join(", ")

const distributed = ({ events }: DrawnRun): ReadonlyArray<Distributed> =>
  events.flatMap((event) =>
    event.event === "evaluation"
      ? event.measurements.flatMap((found) => {
          const { distribution } = found
          const isDrawable =
            distribution !== undefined &&
            distribution.counts.length > 0 &&
            distribution.high > distribution.low
          return isDrawable && !isBaseline(found)
            ? [{ epoch: event.epoch, found: { ...found, distribution: binned(distribution) } }]
            : []
        })
      : []
  )

type Binned = NonNullable<Measurement["distribution"]>

const maxBins = 200

/** Fewer bins, where there are more than a chart has pixels for. */
const binned = ({ counts, high, low }: Binned): Binned => {
  const every = Math.ceil(counts.length / maxBins)
  if (every <= 1) return { counts, high, low }
  const size = (high - low) / counts.length
  const joined = Array.from({ length: Math.ceil(counts.length / every) }, (_, i) =>
    counts.slice(i * every, (i + 1) * every).reduce((sum, count) => sum + count, 0)
  )
  return { counts: joined, low, high: low + joined.length * every * size }
}

const chartOf = (evaluation: string, all: ReadonlyArray<Distributed>): RidgeChart => {
  const byEpoch = [...Map.groupBy(all, ({ epoch }) => epoch)].sort(([a], [b]) => a - b)
  const every = Math.max(1, Math.ceil(byEpoch.length / maxRows))
  const rows = byEpoch.filter((_, i) => (byEpoch.length - 1 - i) % every === 0)
  return {
    title: `distributions of ${evaluation} by epoch`,
    label: evaluation === "pretext" ? "cosine similarity" : "value",
    rows: rows.map(([epoch, found]) => ({
      name: `epoch ${epoch}`,
      ridges: found.map((one) => ({ kind: one.found.metric, distribution: one.found.distribution }))
    }))
  }
}
