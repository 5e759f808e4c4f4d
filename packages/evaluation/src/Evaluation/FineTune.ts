import { ceilingKind } from "../labelled/ceiling.ts"
import { partInWords } from "../partsOfLabels.ts"

/**
 * What an encoder is worth as a beginning: all of it trained on with few or all labels (Chen et al. 2020, appendix B.5). Of
 * the untrained encoder it is what the labels teach alone, by the same protocol.
 */
export const fineTune = ceilingKind({
  name: "fineTune",
  description: "a copy of the encoder trained on with labels, wherever it is evaluated; null leaves it out",
  metric: (part) => `fine-tuned accuracy (${partInWords(part)})`,
  start: "the encoder's weights",
  weightDecay: 0,
  appliesTo: () => true
})

export const { layer } = fineTune
