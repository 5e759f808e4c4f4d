import type { RunEvent } from "@moco/train/RunLog"

/** Something that happens in a run. */
export const evaluation: RunEvent = {
  event: "evaluation",
  step: 0,
  epoch: 0,
  subject: "rawPixels",
  neighbours: [{ k: 20, accuracy: 0.8 }],
  seconds: 1
}
