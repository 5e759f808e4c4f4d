import { find, type Measurement, type Metric, measured } from "@moco/evaluation/Measurement"
import { isBaseline, trainedEncoder } from "@moco/evaluation/subjects"
import type { Claim, Contrast } from "./definition.ts"
import type {
  CellReport,
  ChartData,
  EpochSummary,
  Estimate,
  PublishedFigure,
  SeedValue,
  Settings
} from "./Report.ts"
import type { Study } from "./Study.ts"
import { isAt, isSame } from "./settings.ts"
import { estimate } from "./statistics.ts"
import type { CompletedTrial, TrialRecord } from "./TrialRecord.ts"

/** A cell beside the reference that it is compared with. */
export interface Comparison {
  readonly settings: Settings
  readonly reference: Settings
  /** Of the differences by seed (cell minus reference), over the seeds that both have finished. */
  readonly difference: Estimate | undefined
}

/** What the runs say about a claim. */
export interface Verdict {
  readonly claim: Claim
  readonly verdict: "supports" | "contradicts" | "cannot tell"
  readonly contrasts: ReadonlyArray<{
    readonly label: string
    /** Of the metric that is compared. */
    readonly unit: string
    readonly estimate: Estimate | undefined
    /** Runs of its cells that failed, whose seeds are left out. */
    readonly numFailed: number
  }>
}

/** Everything that a study has found so far. */
export interface StudyResults extends ChartData {
  readonly comparisons: ReadonlyArray<Comparison>
  readonly verdicts: ReadonlyArray<Verdict>
  /** A paper's figures for the cells that it has too. */
  readonly published:
    | { readonly source: string; readonly figures: ReadonlyArray<PublishedFigure> }
    | undefined
  readonly numTrials: number
  readonly numCompleted: number
  readonly numFailed: number
  /** Wall time of all trials, added up. */
  readonly seconds: number
}

/** Works out the results from the records of the trials that have ended. */
export const resultsOf = (study: Study, records: ReadonlyArray<TrialRecord>): StudyResults => {
  const byTrial = new Map(records.map((record) => [record.trial, record]))
  const ended = study.trials.flatMap(({ id, settings, seed }) => {
    const record = byTrial.get(id)
    // Settings and seed as this study calls them.
    return record === undefined ? [] : [{ ...record, settings, seed }]
  })
  const completed = ended.filter((record) => record.outcome === "completed")
  const cells = study.cells.map((settings) => cellReport(settings, ended, study.metric))
  const seedsOf: SeedsOf = (place, metric = study.metric.metric) => {
    const cell = cells.find(({ settings }) => isAt(settings, place))!
    return valuesOf(
      completed.filter(({ settings }) => isSame(settings, cell.settings)),
      metric
    )
  }
  const unitOf = (wanted = study.metric.metric) => {
    const all = completed.flatMap(({ measurements }) => measurements)
    return all.find(({ metric }) => metric === wanted)?.unit ?? study.metric.unit
  }
  return {
    study: study.definition.name,
    chart: study.chart,
    metric: study.metric,
    cells,
    baselines: baselinesOf(study.metric, completed),
    comparisons: comparisonsOf(study, cells, seedsOf),
    verdicts: (study.definition.claims ?? []).map((claim) => verdictOf(claim, cells, { seedsOf, unitOf })),
    published: publishedOf(study),
    numTrials: study.trials.length,
    numCompleted: completed.length,
    numFailed: ended.length - completed.length,
    seconds: ended.reduce((sum, { seconds }) => sum + seconds, 0)
  }
}

/** What the seeds of a cell have given of a metric, the study's by default. */
type SeedsOf = (place: Settings, metric?: string) => ReadonlyArray<SeedValue>

/** Of the runs that have measured it. */
const valuesOf = (
  completed: ReadonlyArray<CompletedTrial>,
  metric: string,
  subject = trainedEncoder
): ReadonlyArray<SeedValue> =>
  completed.flatMap(({ measurements, seed }) => {
    const found = find(measurements, { subject, metric })
    return found === undefined ? [] : [{ seed, value: found.value }]
  })

/** Every subject that the trained encoder is compared with, where it is the same in every cell. */
const baselinesOf = (
  metric: Metric,
  completed: ReadonlyArray<CompletedTrial>
): ReadonlyArray<Measurement> => {
  const all = completed.flatMap(({ measurements }) => measurements).filter(isBaseline)
  const subjects = all.flatMap((found) => (found.metric === metric.metric ? [found.subject] : []))
  return [...new Set(subjects)].flatMap((subject) => {
    const values = valuesOf(completed, metric.metric, subject)
    const mean = estimate(values.map(({ value }) => value))?.mean
    return mean === undefined || !hasOneValueASeed(values) ? [] : [measured(metric, subject, mean)]
  })
}

/** Whether a baseline is the same in every cell: an axis that changes the encoder or the data has no single one. */
const hasOneValueASeed = (values: ReadonlyArray<SeedValue>): boolean =>
  [...Map.groupBy(values, ({ seed }) => seed).values()].every(
    (same) => new Set(same.map(({ value }) => value)).size === 1
  )

const cellReport = (settings: Settings, ended: ReadonlyArray<TrialRecord>, metric: Metric): CellReport => {
  const own = ended.filter((record) => isSame(record.settings, settings))
  const completed = own.filter((record) => record.outcome === "completed")
  const values = valuesOf(completed, metric.metric)
  const failures = own.flatMap((record) =>
    record.outcome === "failed" ? [{ seed: record.seed, reason: record.reason }] : []
  )
  return {
    settings,
    estimate: estimate(values.map(({ value }) => value)),
    values,
    failures,
    // Where every run failed, how they got there is what there is to see.
    curve: meanCurve((completed.length > 0 ? completed : own).map(({ epochs }) => epochs)),
    levels: completed[0]?.levels ?? {},
    numSteps: completed[0]?.numSteps
  }
}

const meanCurve = (curves: ReadonlyArray<ReadonlyArray<EpochSummary>>): ReadonlyArray<EpochSummary> => {
  const mean = (values: ReadonlyArray<number>) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const longest = curves.reduce((a, b) => (b.length > a.length ? b : a), [])
  return longest.map(({ epoch, metrics }, i) => {
    const all = curves.flatMap((curve) => (curve[i] === undefined ? [] : [curve[i].metrics]))
    const means = Object.keys(metrics).map((key) => [key, mean(all.map((own) => own[key] ?? Number.NaN))])
    return { epoch, metrics: Object.fromEntries(means) as EpochSummary["metrics"] }
  })
}

const publishedOf = ({ cells, definition: { published } }: Study): StudyResults["published"] =>
  published && {
    source: published.source,
    figures: cells.flatMap((settings) =>
      published.values
        .filter(({ cell }) => isSame(cell, settings))
        .map(({ percent }) => ({ settings, percent }))
    )
  }

const comparisonsOf = (
  { definition: { reference } }: Study,
  cells: ReadonlyArray<CellReport>,
  seedsOf: SeedsOf
) =>
  reference === undefined
    ? []
    : cells.flatMap((cell): ReadonlyArray<Comparison> => {
        const wanted = { ...cell.settings, ...reference }
        const other = cells.find(({ settings }) => isSame(settings, wanted))
        if (other === undefined || other === cell) return []
        const terms = [
          { cell: cell.settings, weight: 1 },
          { cell: other.settings, weight: -1 }
        ]
        return [
          {
            settings: cell.settings,
            reference: other.settings,
            difference: estimate(weightedSums({ terms }, seedsOf))
          }
        ]
      })

/** The contrast seed by seed, over the seeds that every cell in it has finished. */
const weightedSums = (
  { metric, terms }: Omit<Contrast, "label">,
  seedsOf: SeedsOf
): ReadonlyArray<number> => {
  const parts = terms.map(
    ({ cell, weight }) => new Map(seedsOf(cell, metric).map(({ seed, value }) => [seed, weight * value]))
  )
  const seeds = [...(parts[0]?.keys() ?? [])].filter((seed) => parts.every((part) => part.has(seed)))
  return seeds.map((seed) => parts.reduce((sum, part) => sum + part.get(seed)!, 0))
}

/**
 * A claim is supported only when the 95 % interval of every paired contrast lies above 0: all of them have to hold, so
 * that is strict enough. It is contradicted when one contrast lies wholly on the wrong side, and as one of n does so by
 * chance n times as often, that is decided by intervals of coverage 1 - 0.05 / n (Bonferroni). That two cells are equal
 * can be contradicted and never supported.
 */
const verdictOf = (
  claim: Claim,
  cells: ReadonlyArray<CellReport>,
  { seedsOf, unitOf }: { readonly seedsOf: SeedsOf; readonly unitOf: (metric: string | undefined) => string }
): Verdict => {
  const sums = claim.contrasts.map((contrast) => weightedSums(contrast, seedsOf))
  const strict = 1 - 0.05 / sums.length
  const isWrong = (ci: Estimate["ci"]) =>
    ci !== undefined && (ci.high < 0 || (claim.expects === "zero" && ci.low > 0))
  const isRight = (ci: Estimate["ci"]) => ci !== undefined && claim.expects === "above" && ci.low > 0
  const verdict = sums.some((values) => isWrong(estimate(values, strict)?.ci))
    ? "contradicts"
    : sums.every((values) => isRight(estimate(values)?.ci))
      ? "supports"
      : "cannot tell"
  const contrasts = claim.contrasts.map(({ label, metric, terms }, i) => ({
    label,
    unit: unitOf(metric),
    estimate: estimate(sums[i]!),
    numFailed: terms.reduce(
      (sum, { cell }) => sum + cells.find(({ settings }) => isAt(settings, cell))!.failures.length,
      0
    )
  }))
  return { claim, verdict, contrasts }
}
