import { Measurement } from "@moco/evaluation/Measurement"
import { trainedEncoder } from "@moco/evaluation/subjects"
import { Schema } from "effect"

/** What came of one seed. */
export const SeedResult = Schema.Struct({
  seed: Schema.Int,
  epochs: Schema.Int,
  trainingSeconds: Schema.Finite,
  measurements: Schema.Array(Measurement)
})
export type SeedResult = typeof SeedResult.Type

const percent = (values: ReadonlyArray<number>): string => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const spread = Math.max(...values) - Math.min(...values)
  return spread === 0 ? (100 * mean).toFixed(1) : `${(100 * mean).toFixed(1)} (${(100 * spread).toFixed(1)})`
}

/** Rows are subjects, the trained encoder last; columns are metrics; means over the seeds and, in parentheses, their range. */
export const tableOf = (seeds: ReadonlyArray<SeedResult>): string => {
  const all = seeds.flatMap(({ measurements }) => measurements)
  const metrics = [...new Set(all.map(({ metric }) => metric))]
  const subjects = [...new Set(all.map(({ subject }) => subject))]
  const ordered = [...subjects.filter((subject) => subject !== trainedEncoder), trainedEncoder]
  const cell = (subject: string, metric: string) =>
    percent(all.flatMap((each) => (each.subject === subject && each.metric === metric ? [each.value] : [])))
  const row = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [
    row(["", ...metrics]),
    row(["---", ...metrics.map(() => "---")]),
    ...ordered.map((subject) => row([subject, ...metrics.map((metric) => cell(subject, metric))]))
  ].join("\n")
}
