import { Schema } from "effect"
import { evaluationKind } from "../Evaluation.ts"
import {
  type Ceiling,
  ceilingFields,
  ceilingLayer,
  ceilingMetrics,
  ceilingNeeds,
  partInWords
} from "../labelled/ceiling.ts"

/** Settings of the supervised ceiling. */
export const SupervisedSettings = Schema.Struct(ceilingFields).annotate({
  description: "the same network trained with labels from the seed, once a run; null leaves it out"
})
export type SupervisedSettings = typeof SupervisedSettings.Type

/** It stands beside the untrained encoder, whose weights it starts with: pretraining does not move it. */
const ceiling: Ceiling = {
  name: "supervised",
  metric: (part) => `supervised accuracy${part === 1 ? "" : ` (${partInWords(part)})`}`,
  start: "the seed's weights",
  weightDecay: 5e-4,
  appliesTo: ({ isUntrained }) => isUntrained
}

/** What the same network learns from labels, without pretraining: a ceiling. */
export const layer = (settings: SupervisedSettings) => ceilingLayer(ceiling, settings)

/** What a config names `evaluations.supervised`. */
export const supervised = evaluationKind({
  name: ceiling.name as "supervised",
  Settings: SupervisedSettings,
  configure: (settings) => ({
    metrics: ceilingMetrics(ceiling, settings),
    needs: () => ceilingNeeds(settings),
    layer: layer(settings)
  })
})
