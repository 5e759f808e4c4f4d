import type { Measurement } from "@moco/evaluation/Measurement"
import type { RunProgress } from "../Checkpoint/manifest.ts"

/** How long to train, and where to begin. */
export interface PretrainSettings {
  readonly numEpochs: number
  /** What happens when a number is not finite: the run fails, or goes on from an earlier state at a lower rate. */
  readonly onNonFinite?: "stop" | "rollback"
  /** How far the run is whose state was restored. */
  readonly from?: RunProgress
}

/** What a completed run has to show. */
export interface PretrainResult {
  readonly outcome: "completed"
  readonly numSteps: number
  readonly trainingSeconds: number
  readonly evaluationSeconds: number
  /** The last of every metric, of the trained encoder and, in the same run by the same protocol, of the baselines. */
  readonly measurements: ReadonlyArray<Measurement>
}
