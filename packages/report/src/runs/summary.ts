import { metricsOf } from "@moco/evaluation/evaluationKinds"
import { isBetter, Measurement, primary } from "@moco/evaluation/Measurement"
import { isBaseline } from "@moco/evaluation/subjects"
import { Schema } from "effect"
import type { LookedAt } from "./look.ts"
import { RunState, stateOf } from "./state.ts"

const Count = Schema.Struct({
  done: Schema.Finite,
  /** Nothing where it is not known how many there will be. */
  of: Schema.NullOr(Schema.Finite)
})

/** A run in a few words: what `moco runs list --json` tells of each. */
export const RunSummary = Schema.Struct({
  /** Relative to the folder that was looked through. */
  name: Schema.String,
  path: Schema.String,
  state: RunState,
  /** Why it is said to be in this state, where that is not plain. */
  reason: Schema.NullOr(Schema.String),
  /** Nothing where its config cannot be read. */
  recipe: Schema.NullOr(Schema.String),
  seed: Schema.NullOr(Schema.Int),
  /** Whole ones. */
  epochs: Count,
  steps: Count,
  /** When something was last written down of it, ISO 8601 in UTC. */
  writtenAt: Schema.NullOr(Schema.String),
  /** The first metric of its first evaluation, of the trained encoder. */
  score: Schema.NullOr(Measurement),
  /** The best baseline by the same metric. */
  baseline: Schema.NullOr(Measurement),
  trainingSeconds: Schema.NullOr(Schema.Number)
})
export type RunSummary = typeof RunSummary.Type

/** Sums up what was found. */
export const summaryOf = (name: string, looked: LookedAt): RunSummary => {
  const { config, folder, log, numSteps, trainingSeconds, writtenAt } = looked
  const { numEpochs, numSteps: allSteps } = log?.lastStep ?? {}
  const ofEpochs = numEpochs ?? config?.training.epochs ?? null
  const perEpoch = numEpochs === undefined || allSteps === undefined ? undefined : allSteps / numEpochs
  return {
    name,
    path: folder.path,
    ...stateOf(looked),
    recipe: config?.recipe ?? null,
    seed: config?.seed ?? null,
    epochs: { done: perEpoch === undefined ? 0 : Math.floor(numSteps / perEpoch), of: ofEpochs },
    steps: { done: numSteps, of: allSteps ?? null },
    writtenAt: writtenAt === undefined ? null : new Date(writtenAt).toISOString(),
    ...scoresOf(looked),
    trainingSeconds: trainingSeconds ?? null
  }
}

/** What neither more nor less of is better tells nobody which of two runs is. */
const hasDirection = ({ higherIsBetter }: Measurement): boolean => higherIsBetter !== null

/** The number that a run is judged by, and the best that it has to beat. */
const scoresOf = ({
  config,
  measurements
}: Pick<LookedAt, "config" | "measurements">): Pick<RunSummary, "baseline" | "score"> => {
  const trained = measurements.filter((found) => !isBaseline(found))
  const wanted = config && primary(metricsOf(config.evaluations))?.metric
  // What a program of its own measures, no config names.
  const score = trained.find(({ metric }) => metric === wanted) ?? primary(trained.filter(hasDirection))
  if (score === undefined) return { score: null, baseline: null }
  const baseline = measurements
    .filter(isBaseline)
    .filter(({ metric, protocol }) => metric === score.metric && protocol === score.protocol)
    .reduce<Measurement | null>(
      (best, found) => (best === null || isBetter(found, found.value, best.value) ? found : best),
      null
    )
  return { score, baseline }
}
