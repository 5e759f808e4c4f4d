import { Context, type Effect, Schema } from "effect"
import type { Trial } from "./Study.ts"
import type { StudyRecordError } from "./StudyRecord.ts"
import type { TrialRecord } from "./TrialRecord.ts"

/** How far a running trial is. */
export interface TrialProgress {
  readonly step: number
  readonly numSteps: number
  readonly epoch: number
  readonly numEpochs: number
  /** The last step's, by key. */
  readonly metrics: Readonly<Record<string, number>>
}

/** A trial could not start for a reason that no setting of it decides, such as a data set that is not there. */
export class TrialImpossible extends Schema.TaggedError<TrialImpossible>()("TrialImpossible", {
  trial: Schema.String,
  /** What the run said, line by line. */
  reason: Schema.Array(Schema.String)
}) {
  override get message() {
    return `the study stops, for no run of it can start (${this.trial}):\n  ${this.reason.join("\n  ")}`
  }
}

/** Where trials are run: in processes on this machine or in this process now, by a cluster's workers later. */
export class TrialExecutor extends Context.Service<
  TrialExecutor,
  {
    /**
     * Runs a trial to its end. A run that fails is a result like any other.
     *
     * It is called where interruption waits, so that the result of a run that has ended reaches the record: an
     * implementation makes interruptible what may be stopped, and stops the run then. It fails with a
     * `StudyRecordError` where a run that was stopped could not save what it had.
     *
     * @param observe  is told now and then how far the run is
     */
    readonly run: (
      trial: Trial,
      observe: (progress: TrialProgress) => Effect.Effect<void>
    ) => Effect.Effect<TrialRecord, TrialImpossible | StudyRecordError>
  }
>()("@moco/study/TrialExecutor") {}
