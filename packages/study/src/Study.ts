import type { Metric } from "@moco/evaluation/Measurement"
import type { Stages } from "@moco/train/PretrainLayers"
import { applyOverrides, type RunConfig } from "@moco/train/RunConfig"
import { describeProblems, type Problem, renderValue } from "@moco/train/RunConfig/Problem"
import { schemaProblems } from "@moco/train/RunConfig/schemaProblems"
import { Effect, Result, Schema } from "effect"
import { renamed, StudyDefinition } from "./definition.ts"
import { axisName, type GridCell, gridOf } from "./grid.ts"
import { identify } from "./identity.ts"
import { metricOf } from "./metrics.ts"
import type { Chart, Settings } from "./Report.ts"
import { isAt, renderSettings } from "./settings.ts"

export { StudyDefinition } from "./definition.ts"

/** A study that no run can be started for; `problems` lists everything that is wrong with it. */
export class StudyInvalid extends Schema.TaggedError<StudyInvalid>()("StudyInvalid", {
  study: Schema.String,
  problems: Schema.Array(
    Schema.Struct({ path: Schema.String, value: Schema.String, problem: Schema.String, hint: Schema.String })
  )
}) {
  override get message() {
    return describeProblems(`the study ${this.study}`, this.problems)
  }
}

/** One run of a study. */
export interface Trial {
  /** Names the config and the stages given in code: two trials of one id are the same run, if such stages are. */
  readonly id: string
  readonly settings: Settings
  readonly seed: number
  readonly config: RunConfig
  /** Stages of a program's own, in place of the config's. */
  readonly stages: Stages
}

/** A study whose every run is known to be one that can start. */
export interface Study {
  readonly definition: StudyDefinition
  readonly cells: ReadonlyArray<Settings>
  /** Seed by seed, so that a study which is stopped early has something of every cell. */
  readonly trials: ReadonlyArray<Trial>
  readonly chart: Chart
  /** What the results are about. */
  readonly metric: Metric
}

/** Checks a definition from outside, as read from a file. */
export const decodeDefinition = Effect.fn("Study.decodeDefinition")(function* (
  input: unknown,
  study: string
) {
  const decoded = yield* Effect.result(decodeSchema(input))
  if (Result.isSuccess(decoded)) return decoded.success
  const problems = schemaProblems(decoded.failure.issue, StudyDefinition.ast, input, renamed)
  return yield* new StudyInvalid({ study, problems })
})

/**
 * Lays out every run of a study before the first one starts: what is wrong with any of them is found here.
 *
 * @param base  the config of the definition's recipe
 * @param own  stages that every run has in place of its config's, and metrics that evaluations of your own measure. A run
 *   is known by the names of its own stages: two of one name have folders of their own
 */
export const plan = Effect.fn("Study.plan")(function* (
  given: StudyDefinition,
  base: RunConfig,
  own: { readonly stages?: Stages; readonly metrics?: ReadonlyArray<Metric> } = {}
) {
  const { metrics = [], stages = {} } = own
  // Of a study that was written as code, nothing has been checked yet.
  const definition = yield* decodeDefinition(given, given.name)
  const refuse = (problems: ReadonlyArray<Problem>) => new StudyInvalid({ study: definition.name, problems })
  const { cells, problems } = gridOf(definition)
  if (problems.length > 0) return yield* refuse(problems)
  const trials: Array<Trial> = []
  const found: Array<CellProblem> = []
  // Seeds differ in nothing that is checked, so a cell's config is checked once.
  const configs: Array<readonly [GridCell, RunConfig]> = []
  for (const cell of cells) {
    const config = yield* Effect.result(configOf(definition, base, cell, definition.seeds[0]!))
    if (Result.isSuccess(config)) configs.push([cell, config.success])
    else for (const problem of config.failure.problems) found.push({ problem, cell })
  }
  for (const seed of definition.seeds) {
    // Thousands of runs take seconds, in which a signal wants to be heard.
    yield* Effect.yieldNow
    for (const [{ settings }, checked] of configs) {
      const config = { ...checked, seed }
      trials.push({ id: identify(config, stages), settings, seed, config, stages })
    }
  }
  const [first = base, ...others] = configs.map(([, config]) => config)
  const { metric, problems: unmeasured } = metricOf(definition, [first, ...others], metrics)
  const settings = cells.map((cell) => cell.settings)
  const chart = definition.chart ?? defaultChart(definition, settings)
  const wrong = [
    ...summarise(found, cells.length),
    ...repeated(trials),
    ...dangling(definition, settings, chart),
    ...unmeasured
  ]
  if (wrong.length > 0) return yield* refuse(wrong)
  const study: Study = { definition, cells: settings, trials, chart, metric }
  return study
})

/** A problem that a cell's config has. */
interface CellProblem {
  readonly problem: Problem
  readonly cell: GridCell
}

/** Each problem once, with the cells that have it where not all do. */
const summarise = (found: ReadonlyArray<CellProblem>, numCells: number): ReadonlyArray<Problem> =>
  [...Map.groupBy(found, ({ problem }) => JSON.stringify(problem)).values()].map((same) => {
    const { problem } = same[0]!
    const cells = [...new Set(same.map(({ cell }) => cell))]
    if (cells.length === numCells) return problem
    const others = cells.length === 1 ? "" : ` and ${cells.length - 1} more`
    return { ...problem, path: `${problem.path}, in ${renderSettings(cells[0]!.settings)}${others}` }
  })

const decodeSchema = Schema.decodeUnknownEffect(StudyDefinition, { errors: "all", onExcessProperty: "error" })

const configOf = ({ set = {} }: StudyDefinition, base: RunConfig, cell: GridCell, seed: number) => {
  const sets = Object.entries({ ...set, ...cell.set, seed }).map(([path, value]) => [
    path,
    JSON.stringify(value)
  ])
  return applyOverrides(base, [], Object.fromEntries(sets))
}

const defaultChart = ({ axes = [] }: StudyDefinition, cells: ReadonlyArray<Settings>): Chart => {
  const [x, series] = axes.length > 0 ? axes.map(axisName) : Object.keys(cells[0] ?? {})
  return series === undefined ? { x: x ?? "" } : { x: x!, series }
}

/** Cells that come to the same run. */
const repeated = (trials: ReadonlyArray<Trial>): ReadonlyArray<Problem> => {
  const first = new Map<string, Trial>()
  return trials.flatMap((trial) => {
    const other = first.get(trial.id)
    if (other === undefined) {
      first.set(trial.id, trial)
      return []
    }
    const problem = `comes to the same run as ${renderSettings(other.settings)}`
    return [
      { path: "cells", value: renderSettings(trial.settings), problem, hint: "leave one of the two out" }
    ]
  })
}

/** What names an axis or a cell that is not there, or says nothing. */
const dangling = (
  { claims = [], published, reference }: StudyDefinition,
  cells: ReadonlyArray<Settings>,
  chart: Chart
): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const report = (path: string, value: unknown, problem: string, hint: string) =>
    problems.push({ path, value: renderValue(value), problem, hint })
  const axes = Object.keys(cells[0] ?? {})
  const known = `axes: ${axes.join(", ")}`
  for (const key of ["x", "series"] as const) {
    const axis = chart[key]
    if (axis !== undefined && !axes.includes(axis)) {
      report(`chart.${key}`, axis, "is not the name of an axis", known)
    }
  }
  if (chart.x === chart.series) report("chart.series", chart.series, "is chart.x already", known)
  if (reference !== undefined && !cells.some((cell) => isAt(cell, reference))) {
    report("reference", reference, "fits no cell", known)
  }
  const requireCell = (path: string, wanted: Settings) => {
    const fits = cells.filter((cell) => isAt(cell, wanted)).length
    if (fits !== 1) report(path, wanted, `fits ${fits} cells`, "name one value on every axis")
  }
  claims.forEach(({ contrasts }, i) => {
    const isEmpty = contrasts.length === 0 || contrasts.some(({ terms }) => terms.length === 0)
    if (isEmpty) report(`claims[${i}].contrasts`, contrasts, "compares nothing", "name cells and weights")
    for (const { cell } of contrasts.flatMap(({ terms }) => terms)) requireCell(`claims[${i}]`, cell)
  })
  for (const [i, { cell }] of published?.values.entries() ?? []) requireCell(`published.values[${i}]`, cell)
  return problems
}
