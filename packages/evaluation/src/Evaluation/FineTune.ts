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

/** Settings of fine-tuning. */
export const FineTuneSettings = Schema.Struct(ceilingFields).annotate({
  description: "a copy of the encoder trained on with labels, wherever it is evaluated; null leaves it out"
})
export type FineTuneSettings = typeof FineTuneSettings.Type

/** Of the untrained encoder it is what the labels teach alone, by the same protocol. */
const ceiling: Ceiling = {
  name: "fineTune",
  metric: (part) => `fine-tuned accuracy (${partInWords(part)})`,
  start: "the encoder's weights",
  weightDecay: 0,
  appliesTo: () => true
}

/** What an encoder is worth as a beginning: all of it trained on with few or all labels (Chen et al. 2020, appendix B.5). */
export const layer = (settings: FineTuneSettings) => ceilingLayer(ceiling, settings)

/** What a config names `evaluations.fineTune`. */
export const fineTune = evaluationKind({
  name: ceiling.name as "fineTune",
  Settings: FineTuneSettings,
  configure: (settings) => ({
    metrics: ceilingMetrics(ceiling, settings),
    needs: () => ceilingNeeds(settings),
    layer: layer(settings)
  })
})
