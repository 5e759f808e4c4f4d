import type { KnnAccuracy } from "@moco/evaluation/Evaluation"
import type { RunProgress } from "../Checkpoint/manifest.ts"

/** How long to train, how often to look, and where to begin. */
export interface PretrainSettings {
  readonly numEpochs: number
  readonly evaluateEveryEpochs: number
  /** What happens when a number is not finite: the run fails, or goes on from an earlier state at a lower rate. */
  readonly onNonFinite?: "stop" | "rollback"
  /** How far the run is whose state was restored. */
  readonly from?: RunProgress
}

/** What a completed run has to show; the baselines are judged in the same run by the same protocol. */
export interface PretrainResult {
  readonly outcome: "completed"
  readonly numSteps: number
  readonly trainingSeconds: number
  readonly evaluationSeconds: number
  readonly evaluations: {
    readonly encoder: ReadonlyArray<KnnAccuracy>
    readonly untrainedEncoder: ReadonlyArray<KnnAccuracy>
    readonly rawPixels: ReadonlyArray<KnnAccuracy>
  }
}
