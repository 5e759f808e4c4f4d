import { ceilingKind } from "../labelled/ceiling.ts"
import { partInWords } from "../partsOfLabels.ts"

/**
 * What the same network learns from labels, without pretraining: a ceiling. It stands beside the untrained encoder, whose
 * weights it starts with: pretraining does not move it.
 */
export const supervised = ceilingKind({
  name: "supervised",
  description: "the same network trained with labels from the seed, once a run; null leaves it out",
  metric: (part) => `supervised accuracy${part === 1 ? "" : ` (${partInWords(part)})`}`,
  start: "the seed's weights",
  weightDecay: 5e-4,
  appliesTo: ({ isUntrained }) => isUntrained
})

export const { layer } = supervised
