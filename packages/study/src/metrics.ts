import { configured, metricsOf } from "@moco/evaluation/evaluationKinds"
import { type Metric, primary } from "@moco/evaluation/Measurement"
import type { RunConfig } from "@moco/train/RunConfig"
import { valueAt } from "@moco/train/RunConfig/fields"
import { type Problem, renderValue } from "@moco/train/RunConfig/Problem"
import { allStepMetrics } from "@moco/train/stepMetrics"
import type { StudyDefinition } from "./definition.ts"

/** Metrics of a step of which a trial keeps the mean over its last epoch. */
const ofTraining = Object.values(allStepMetrics).filter(({ isByEpoch }) => isByEpoch)

/**
 * What a study is about: the metric that it names, else the first of the first evaluation, else of training; and what is
 * wrong with it, or with those that its claims name. It must be one of the trained encoder: the study's values are its.
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
  const [{ evaluations }] = configs
  const ofUntrained = configured(evaluations).flatMap(({ measuresTrained = true, metrics }) =>
    measuresTrained ? [] : metrics.map(({ metric }) => metric)
  )
  const ofTrained = inAll.filter(({ metric }) => !ofUntrained.includes(metric))
  const named = (name: string) => ofTrained.find(({ metric }) => metric === name)
  const contrasts = claims.flatMap((claim, i) =>
    claim.contrasts.map(({ metric }, j) => [`claims[${i}].contrasts[${j}].metric`, metric] as const)
  )
  const hint = `measured in every run: ${ofTrained.map(({ metric }) => metric).join(", ")}`
  const problems = [["metric", wanted] as const, ...contrasts].flatMap(([path, name]) =>
    name === undefined || named(name) !== undefined
      ? []
      : [
          {
            path,
            value: renderValue(name),
            problem: ofUntrained.includes(name) ? untrainedAlone : "is not measured",
            hint
          }
        ]
  )
  const first = primary(inAll)!
  const metric = (wanted === undefined ? undefined : named(wanted)) ?? primary(ofTrained)!
  const isOfNothing = wanted === undefined && ofUntrained.includes(first.metric)
  return { metric, problems: isOfNothing ? [...problems, withoutValue(first, evaluations)] : problems }
}

const untrainedAlone = "is measured of the untrained encoder alone, and a study is about the trained one"

/** Of a study that would be about what no trained encoder has a value of. */
const withoutValue = ({ evaluation, metric }: Metric, evaluations: RunConfig["evaluations"]): Problem => ({
  path: `evaluations.${evaluation}`,
  value: renderValue(valueAt(evaluations, [evaluation])),
  problem: `is what the study would be about: ${metric} ${untrainedAlone}`,
  hint: "name another evaluation beside it, such as evaluations.linear, or let metric name what is measured: loss"
})
