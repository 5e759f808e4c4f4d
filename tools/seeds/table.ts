import type { Measurement } from "@moco/evaluation/Measurement"
import { trainedEncoder } from "@moco/evaluation/subjects"
import { notationOf } from "@moco/report/quantity"

/** What was measured at the end of runs that differ in their seed alone, a list for each. */
export type Seeds = ReadonlyArray<ReadonlyArray<Measurement>>

/**
 * A row for each metric, a column for each subject, the trained encoder last; in a cell the mean over the seeds, in
 * parentheses how far apart they are where they differ, and the interval over images, its ends too as means over the seeds.
 */
export const tableOf = (seeds: Seeds): string => {
  const all = seeds.flat()
  const metrics = [...new Map(all.map((one) => [one.metric, one])).values()]
  const subjects = [...new Set(all.map(({ subject }) => subject))]
  const ordered = [...subjects.filter((subject) => subject !== trainedEncoder), trainedEncoder]
  const row = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  const nameOf = ({ metric, unit }: Measurement) => {
    const { suffix } = notationOf(unit)
    return suffix === "" ? metric : `${metric}, ${suffix}`
  }
  return [
    row(["", ...ordered]),
    row(["---", ...ordered.map(() => "---")]),
    ...metrics.map((metric) =>
      row([
        nameOf(metric),
        ...ordered.map((subject) =>
          cellOf(all.filter((one) => one.subject === subject && one.metric === metric.metric))
        )
      ])
    )
  ].join("\n")
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const cellOf = (found: ReadonlyArray<Measurement>): string => {
  const [first] = found
  if (first === undefined) return "-"
  const { digits } = notationOf(first.unit)
  const values = found.map(({ value }) => value)
  const spread = Math.max(...values) - Math.min(...values)
  const intervals = found.flatMap(({ interval }) => interval ?? [])
  const between = intervals.length === 0 ? "" : ` [${endsOf(intervals).map(digits).join(", ")}]`
  return `${digits(mean(values))}${spread === 0 ? "" : ` (${digits(spread)})`}${between}`
}

const endsOf = (intervals: ReadonlyArray<NonNullable<Measurement["interval"]>>): ReadonlyArray<number> => [
  mean(intervals.map(({ low }) => low)),
  mean(intervals.map(({ high }) => high))
]
