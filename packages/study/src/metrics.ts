import { metricsOf } from "@moco/evaluation/evaluationKinds"
import { type Metric, primary } from "@moco/evaluation/Measurement"
import type { RunConfig } from "@moco/train/RunConfig"
import { type Problem, renderValue } from "@moco/train/RunConfig/Problem"
import { allStepMetrics } from "@moco/train/stepMetrics"
import type { StudyDefinition } from "./definition.ts"

/** Metrics of a step of which a trial keeps the mean over its last epoch. */
const ofTraining = Object.values(allStepMetrics).filter(({ isByEpoch }) => isByEpoch)

/**
 * What a study is about: the metric that it names, else the first of the first evaluation, else of training; and what is
 * wrong with it, or with those that its claims name.
 *
 * @param configs  of all runs, or of the recipe where there is none
 * @param own  metrics of evaluations that no config can name
 */
export const metricOf = (
  { claims = [], metric: wanted }: StudyDefinition,
  configs: readonly [RunConfig, ...ReadonlyArray<RunConfig>],
  own: ReadonlyArray<Metric>
): { readonly metric: Metric; readonly problems: ReadonlyArray<Problem> } => {
  const measuredBy = configs.map(({ evaluations }) => [...metricsOf(evaluations), ...own, ...ofTraining])
  const inAll = measuredBy[0]!.filter(({ metric }) =>
    measuredBy.every((metrics) => metrics.some((other) => other.metric === metric))
  )
  const named = (name: string) => inAll.find(({ metric }) => metric === name)
  const contrasts = claims.flatMap((claim, i) =>
    claim.contrasts.map(({ metric }, j) => [`claims[${i}].contrasts[${j}].metric`, metric] as const)
  )
  const hint = `measured in every run: ${inAll.map(({ metric }) => metric).join(", ")}`
  const problems = [["metric", wanted] as const, ...contrasts].flatMap(([path, name]) =>
    name === undefined || named(name) !== undefined
      ? []
      : [{ path, value: renderValue(name), problem: "is not measured", hint }]
  )
  const metric = (wanted === undefined ? undefined : named(wanted)) ?? primary(inAll)!
  return { metric, problems }
}
