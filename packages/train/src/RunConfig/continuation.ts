import { risingMomentum } from "@moco/core/MomentumUpdate"
import type { RunProgress } from "../Checkpoint/manifest.ts"
import type { Schedule } from "../LearningRate.ts"
import * as LearningRate from "../LearningRate.ts"
import type { RunEvent } from "../RunLog/RunEvent.ts"
import { configDifferences, permissionOf } from "./differences.ts"
import { evaluationOf } from "./evaluationRules.ts"
import type { RunConfig } from "./schema.ts"

/** A run that goes on with another config, as its log tells it. */
export type ConfigChangedEvent = RunEvent & { readonly event: "configChanged" }

/**
 * What it means for the next step that a run goes on with `now` where it has been on its way with `before`: nothing,
 * where no setting has changed that is logged.
 *
 * @param progress  how far the run is, under `before`
 */
export const continuation = (
  before: RunConfig,
  now: RunConfig,
  { rateFactor, step }: Pick<RunProgress, "step" | "rateFactor">,
  stepsPerEpoch: number
): ConfigChangedEvent | undefined => {
  const changes = configDifferences(before, now).filter(({ path }) => permissionOf(path) === "isLogged")
  if (changes.length === 0) return undefined
  const epoch = step / stepsPerEpoch
  const momentum = { before: momentumOf(before)(epoch), now: momentumOf(now)(epoch) }
  return {
    event: "configChanged",
    step,
    epoch: Math.floor(epoch),
    changes,
    schedule: now.optimizer.schedule.kind,
    learningRate: {
      before: rateFactor * scheduleOf(before)(epoch),
      now: (hasOtherRate(before, now) ? 1 : rateFactor) * scheduleOf(now)(epoch)
    },
    ...(momentum.now === undefined ? {} : { momentum: { before: momentum.before!, now: momentum.now } })
  }
}

/** A learning rate that somebody has chosen is taken as it is, whatever the rates before it have led to. */
const hasOtherRate = (before: RunConfig, now: RunConfig): boolean =>
  before.optimizer.learningRate !== now.optimizer.learningRate

/**
 * Progress as it counts under a config. What was measured by an evaluation with other settings is no longer to be
 * compared, and is measured again. Returns to earlier states say nothing about another learning rate.
 */
export const progressUnder = (now: RunConfig, before: RunConfig, progress: RunProgress): RunProgress => {
  const { triedStates: _, ...untried } = progress
  const current = hasOtherRate(before, now) ? { ...untried, rateFactor: 1, rollbacks: 0 } : progress
  const changed = new Set(
    configDifferences(before, now).flatMap(({ path }) =>
      permissionOf(path) === "isLogged" ? (evaluationOf(path) ?? []) : []
    )
  )
  return changed.size === 0 ? current : withoutEvaluations(current, changed)
}

/** Progress that knows nothing of what these evaluations have measured, nor of a best by it. */
const withoutEvaluations = (
  { best, evaluatedAt, measurements, ...rest }: RunProgress,
  left: ReadonlySet<string>
): RunProgress => {
  const isKept = best !== undefined && !left.has(best.evaluation)
  return {
    ...rest,
    measurements: measurements.filter(({ evaluation }) => !left.has(evaluation)),
    evaluatedAt: Object.fromEntries(Object.entries(evaluatedAt).filter(([name]) => !left.has(name))),
    ...(isKept ? { best } : {})
  }
}

const scheduleOf = ({ optimizer: { learningRate, schedule }, training }: RunConfig): Schedule =>
  LearningRate.scheduleOf(schedule, learningRate, training.epochs)

/** m by epoch, where it is one that depends on how long the run is. */
const momentumOf = ({
  dictionary,
  momentum,
  training
}: RunConfig): ((epoch: number) => number | undefined) =>
  dictionary.kind === "queue" && momentum.kind === "cosine"
    ? (epoch) => risingMomentum(momentum.m, epoch / training.epochs)
    : () => undefined
