import { Dataset } from "@moco/data/Dataset"
import * as Embedding from "@moco/evaluation/Embedding"
import { measure } from "@moco/evaluation/Evaluation/measure"
import { Evaluations } from "@moco/evaluation/Evaluations"
import type { Measurement } from "@moco/evaluation/Measurement"
import { baselines, trained } from "@moco/evaluation/subjects"
import { Effect, Layer } from "effect"
import { dataDirsOf, scratchDir } from "./dataDirs.ts"
import type { GivenWeights } from "./InitialWeights.ts"
import { explained } from "./OutOfMemory.ts"
import { evaluationLayersOf, type Stages } from "./PretrainLayers.ts"
import { identityOf } from "./Run/identityOf.ts"
import type { RunConfig } from "./RunConfig.ts"

export interface EvaluateOptions {
  /** Stages of your own, in place of those that the config names. */
  readonly stages?: Stages
  readonly dataDir?: string | undefined
  /** Whether raw pixels, colours and the untrained encoder are measured too (default: they are). */
  readonly baselines?: boolean
  /** Told of each subject before it is measured. */
  readonly observe?: (subject: string) => Effect.Effect<void>
}

/** What was measured, and of which images. */
export interface Evaluated {
  readonly images: { readonly name: string; readonly sha256: string }
  readonly measurements: ReadonlyArray<Measurement>
}

/**
 * Measures an encoder by every evaluation of a config, the baselines beside it by the same protocols. Nothing is trained but
 * what an evaluation trains for itself, and nothing is written. Interruptible.
 */
export const evaluateStored = (
  config: RunConfig,
  weights: GivenWeights,
  { baselines: hasBaselines = true, dataDir, observe = () => Effect.void, stages = {} }: EvaluateOptions = {}
) =>
  Effect.gen(function* () {
    const dataDirs = yield* dataDirsOf(dataDir, config.data.name)
    const layers = evaluationLayersOf(config, {
      ...stages,
      dataDirs,
      scratchDir: scratchDir(),
      initial: weights
    })
    return yield* Effect.provide(measured(hasBaselines, observe), yield* Layer.build(layers))
  }).pipe(Effect.scoped, explained(config))

const measured = Effect.fnUntraced(function* (
  hasBaselines: boolean,
  observe: (subject: string) => Effect.Effect<void>
) {
  const evaluations = yield* Evaluations
  const { name, train } = yield* Dataset
  const by = Effect.fnUntraced(function* (subject: Embedding.Subject) {
    yield* observe(subject.subject)
    const embedding = yield* Embedding.open(subject)
    return (yield* Effect.forEach(evaluations, (evaluation) => measure(evaluation, embedding))).flat()
  }, Effect.scoped)
  const measurements = [...(yield* by(yield* trained))]
  for (const { make } of hasBaselines ? yield* baselines : []) {
    measurements.push(...(yield* Effect.scoped(Effect.flatMap(make, by))))
  }
  return { images: { name, sha256: identityOf(train) }, measurements } satisfies Evaluated
})
