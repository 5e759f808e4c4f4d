import { type Measurement, type Metric, primary } from "@moco/evaluation/Measurement"
import { isBaseline, trainedEncoder } from "@moco/evaluation/subjects"
import { Estimate } from "@moco/study/Report"
import { estimate } from "@moco/study/statistics"
import { Schema } from "effect"
import { type ComparedRun, differingSettings, type Group, groupsOf } from "./groups.ts"
import { RunState } from "./state.ts"
import { summaryOf } from "./summary.ts"

const SeedValue = Schema.Struct({ run: Schema.String, seed: Schema.Int, value: Schema.Number })

/** What `moco runs compare --json` prints. Groups are told apart by letters, in the order in which they were named. */
export const RunComparison = Schema.Struct({
  /** Runs of a group differ in their seed alone. */
  groups: Schema.Array(
    Schema.Struct({
      group: Schema.String,
      recipe: Schema.String,
      runs: Schema.Array(Schema.Struct({ path: Schema.String, seed: Schema.Int, state: RunState }))
    })
  ),
  /** Only those that differ; a value for each group. */
  settings: Schema.Array(Schema.Struct({ path: Schema.String, values: Schema.Array(Schema.String) })),
  scores: Schema.Array(
    Schema.Struct({
      metric: Schema.String,
      unit: Schema.String,
      subject: Schema.String,
      /** Whether every group has measured it by the same protocol. */
      isComparable: Schema.Boolean,
      groups: Schema.Array(
        Schema.Struct({
          group: Schema.String,
          /** Of the values that are finite; nothing where there is none. */
          estimate: Schema.NullOr(Estimate),
          values: Schema.Array(SeedValue)
        })
      )
    })
  ),
  /** Of the trained encoders: a group minus the first one, seed by seed, where both have measured by one protocol. */
  differences: Schema.Array(
    Schema.Struct({
      metric: Schema.String,
      unit: Schema.String,
      group: Schema.String,
      minus: Schema.String,
      seeds: Schema.Array(Schema.Int),
      estimate: Estimate
    })
  ),
  /** What one has to know when one reads the scores. */
  notes: Schema.Array(Schema.String)
})
export type RunComparison = typeof RunComparison.Type

/** Sets runs side by side. */
export const comparisonOf = (runs: ReadonlyArray<ComparedRun>): RunComparison => {
  const groups = groupsOf(runs)
  const settings = differingSettings(groups)
  const metrics = metricsIn(runs)
  return {
    groups: groups.map(({ label, runs }) => ({
      group: label,
      recipe: runs[0].config.recipe,
      runs: runs.map((run) => {
        const { path, state } = summaryOf(run.name, run.looked)
        return { path, seed: run.config.seed, state }
      })
    })),
    settings,
    scores: metrics.flatMap((metric) => scoresOf(metric, groups)),
    differences: metrics.flatMap((metric) => differencesOf(metric, groups)),
    notes: [
      ...runs.flatMap(notesOf),
      ...metrics.flatMap((metric) => protocolNote(metric, groups)),
      ...(settings.some(({ path }) => path.startsWith("data.")) ? ["groups differ in their images too"] : [])
    ]
  }
}

type MetricName = Pick<Metric, "metric" | "unit">

const measurementsOf = ({ looked }: ComparedRun): ReadonlyArray<Measurement> => looked.measurements

/** What any of the runs has measured, in order of appearance. */
const metricsIn = (runs: ReadonlyArray<ComparedRun>): ReadonlyArray<MetricName> => {
  const all = Map.groupBy(runs.flatMap(measurementsOf), ({ metric }) => metric)
  return [...all.values()].flatMap((found) => {
    const first = primary(found)
    return first === undefined ? [] : [{ metric: first.metric, unit: first.unit }]
  })
}

/** How a group measures a metric; several where its runs do not agree. */
const protocolsOf = ({ metric }: MetricName, { runs }: Group): ReadonlyArray<string> => [
  ...new Set(
    runs
      .flatMap(measurementsOf)
      .flatMap((found) => (found.metric === metric ? [`${found.protocol} [${found.unit}]`] : []))
  )
]

const haveOneProtocol = (metric: MetricName, groups: ReadonlyArray<Group>): boolean =>
  new Set(groups.flatMap((group) => protocolsOf(metric, group))).size <= 1

const valuesOf = ({ metric }: MetricName, subject: string, { runs }: Group) =>
  runs.flatMap((run) =>
    measurementsOf(run).flatMap((found) =>
      found.metric === metric && found.subject === subject
        ? [{ run: run.looked.folder.path, seed: run.config.seed, value: found.value }]
        : []
    )
  )

const scoresOf = (metric: MetricName, groups: ReadonlyArray<Group>): RunComparison["scores"] => {
  const own = groups
    .flatMap(({ runs }) => runs.flatMap(measurementsOf))
    .filter((found) => found.metric === metric.metric)
  const subjects = new Set(
    own.toSorted((a, b) => Number(isBaseline(a)) - Number(isBaseline(b))).map(({ subject }) => subject)
  )
  return [...subjects].map((subject) => ({
    ...metric,
    subject,
    isComparable: haveOneProtocol(metric, groups),
    groups: groups.map((group) => {
      const values = valuesOf(metric, subject, group)
      const finite = values.map(({ value }) => value).filter(Number.isFinite)
      return { group: group.label, estimate: estimate(finite) ?? null, values }
    })
  }))
}

/** A seed that a group has several times counts once, by its mean. */
const bySeed = (metric: MetricName, group: Group): ReadonlyMap<number, number> => {
  const finite = valuesOf(metric, trainedEncoder, group).filter(({ value }) => Number.isFinite(value))
  return new Map(
    [...Map.groupBy(finite, ({ seed }) => seed)].map(([seed, values]) => [
      seed,
      values.reduce((sum, { value }) => sum + value, 0) / values.length
    ])
  )
}

const differencesOf = (
  metric: MetricName,
  [first, ...others]: ReadonlyArray<Group>
): RunComparison["differences"] => {
  if (first === undefined) return []
  const reference = bySeed(metric, first)
  return others.flatMap((group) => {
    if (!haveOneProtocol(metric, [first, group])) return []
    const pairs = [...bySeed(metric, group)].flatMap(([seed, value]) => {
      const other = reference.get(seed)
      return other === undefined ? [] : [{ seed, difference: value - other }]
    })
    const found = estimate(pairs.map(({ difference }) => difference))
    if (found === undefined) return []
    const seeds = pairs.map(({ seed }) => seed)
    return [{ ...metric, group: group.label, minus: first.label, seeds, estimate: found }]
  })
}

/** A run that is not at its end, or not whole. */
const notesOf = (run: ComparedRun): ReadonlyArray<string> => {
  const { epochs, path, reason, state } = summaryOf(run.name, run.looked)
  const damage = state === "damaged" ? [] : run.looked.damage
  const why = reason === null ? "" : `: ${reason}`
  return [
    ...(state === "finished"
      ? []
      : [
          `${path} is ${state} after ${epochs.done} of ${epochs.of ?? "-"} epochs, its scores are of then${why}`
        ]),
    ...damage.map((problem) => `${path} is damaged: ${problem}`),
    ...measurementsOf(run).flatMap(({ metric, subject, value }) =>
      Number.isFinite(value) ? [] : [`${path}: ${metric} of the ${subject} is ${value}, and is left out`]
    )
  ]
}

const protocolNote = (metric: MetricName, groups: ReadonlyArray<Group>): ReadonlyArray<string> => {
  if (haveOneProtocol(metric, groups)) return []
  const all = groups.flatMap((group) =>
    protocolsOf(metric, group).map((protocol) => ({ protocol, group: group.label }))
  )
  const by = [...Map.groupBy(all, ({ protocol }) => protocol)].map(
    ([protocol, found]) => `${found.map(({ group }) => group).join(", ")} by "${protocol}"`
  )
  return [`${metric.metric} is not to be compared where it is measured otherwise: ${by.join("; ")}`]
}
