import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { rawPixels } from "@moco/evaluation/subjects"
import type { RunEvent } from "@moco/train/RunLog"

/** Something that happens in a run. */
export const evaluation: RunEvent = {
  event: "evaluation",
  step: 0,
  epoch: 0,
  measurements: [measured(knnAccuracy(20, 0.1), rawPixels, 0.8)],
  seconds: 1
}
