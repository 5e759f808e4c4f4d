import type { RunConfig } from "../RunConfig.ts"
import { validConfig } from "./validConfig.ts"

/** A run of steps that take milliseconds, on images of 8 x 8 pixels that a test gives; one epoch, not evaluated. */
export const tinyConfig: RunConfig = {
  ...validConfig,
  data: { name: "own", evaluationSplit: "test", imageSize: 8 },
  encoder: { ...validConfig.encoder, layers: [1], width: 4, featureSize: 8, batchNormGroups: 2 },
  dictionary: { kind: "queue", size: 32 },
  training: { epochs: 1, batchSize: 16 },
  evaluations: {}
}
