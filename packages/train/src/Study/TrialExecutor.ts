import { Context, type Effect } from "effect"
import type { Trial } from "../Study.ts"
import type { TrialRecord } from "./TrialRecord.ts"

/** How far a running trial is. */
export interface TrialProgress {
  readonly step: number
  readonly numSteps: number
  readonly epoch: number
  readonly numEpochs: number
  readonly loss: number
}

/** Where trials are run: processes on this machine now, a cluster's workers later. */
export class TrialExecutor extends Context.Service<
  TrialExecutor,
  {
    /**
     * Runs a trial to its end. A run that fails is a result like any other; interruption stops the run.
     *
     * @param observe  is told now and then how far the run is
     */
    readonly run: (
      trial: Trial,
      observe: (progress: TrialProgress) => Effect.Effect<void>
    ) => Effect.Effect<TrialRecord>
  }
>()("@moco/train/TrialExecutor") {}
