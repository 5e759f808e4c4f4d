import type { Measurement } from "@moco/evaluation/Measurement"
import { isBaseline } from "@moco/evaluation/subjects"
import { type RidgeChart, ridgeChart } from "../../charts/inline/ridges.ts"
import type { DrawnRun } from "../../charts/runChart/curves.ts"
import { type Markup, markup } from "../../markup.ts"
import { card, missing, type Section } from "../page.ts"
import { howToRead } from "./explain.ts"
import { shortNames } from "./shortNames.ts"

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
      chartCard(
        evaluation,
        all,
        rowsOf(all),
        "Each row is one evaluation, from the first above to the last below."
      )
  )
  const body = charts.length === 0 ? missing(notMeasured("this run")) : markup`${charts}`
  return { id: "similarities", heading, body }
}

/** The last of it of each run, a row for each. */
export const lastSimilarities = (runs: ReadonlyArray<DrawnRun>): Section => {
  const all = runs.flatMap((run, i) => lastOf(run).map((found) => ({ ...found, row: i })))
  const charts = [...Map.groupBy(all, ({ found }) => found.evaluation)].map(([evaluation, same]) => {
    const shown = [...Map.groupBy(same, ({ row }) => row)].slice(0, maxRuns)
    const names = shortNames(shown.map(([row]) => runs[row]!.name))
    const lacking = runs.length - shown.length
    return chartCard(
      evaluation,
      same,
      shown.map(([, found], i) => ({ name: names[i]!, found })),
      `Each row is the last evaluation of one run${lacking === 0 ? "" : `; ${lacking} ${lacking === 1 ? "run is" : "runs are"} not shown, without it or beyond the first ${maxRuns}`}.`
    )
  })
  const body = charts.length === 0 ? missing(notMeasured("these runs")) : markup`${charts}`
  return { id: "similarities", heading, body }
}

/** Rows of several runs, in which one looks for a name. */
const maxRuns = 24

/** The newest evaluation of each kind that says how something is distributed. */
const lastOf = (run: DrawnRun): ReadonlyArray<Distributed> =>
  [...Map.groupBy(distributed(run), ({ found }) => found.evaluation).values()].flatMap((all) => {
    const last = Math.max(...all.map(({ epoch }) => epoch))
    return all.filter(({ epoch }) => epoch === last)
  })

const chartCard = (
  evaluation: string,
  all: ReadonlyArray<Distributed>,
  rows: ReadonlyArray<ChartRow>,
  eachRow: string
): Markup =>
  card(
    headingOf(evaluation, all),
    ridgeChart(chartOf(evaluation, rows)),
    `${eachRow} ${howToRead.similarities}`,
    { isBeside: true }
  )

const heading = "Positive and negative similarities"

const notMeasured = (whose: string) =>
  `Not measured: no evaluation of ${whose} says how similarities are distributed (evaluations.pretext does).`

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

interface ChartRow {
  readonly name: string
  readonly found: ReadonlyArray<Distributed>
}

/** A row for each evaluation, or for some of them, evenly taken. */
const rowsOf = (all: ReadonlyArray<Distributed>): ReadonlyArray<ChartRow> => {
  const byEpoch = [...Map.groupBy(all, ({ epoch }) => epoch)].sort(([a], [b]) => a - b)
  const every = Math.max(1, Math.ceil(byEpoch.length / maxRows))
  return byEpoch
    .filter((_, i) => (byEpoch.length - 1 - i) % every === 0)
    .map(([epoch, found]) => ({ name: `epoch ${epoch}`, found }))
}

const chartOf = (evaluation: string, rows: ReadonlyArray<ChartRow>): RidgeChart => ({
  title: `distributions of ${evaluation}`,
  label: evaluation === "pretext" ? "cosine similarity" : "value",
  rows: rows.map(({ found, name }) => ({
    name,
    ridges: found.map((one) => ({ kind: one.found.metric, distribution: one.found.distribution }))
  }))
})
