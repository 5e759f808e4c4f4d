import { Context, Effect, Layer } from "effect"
import type { Trial } from "./Study.ts"
import type { TrialProgress } from "./TrialExecutor.ts"
import type { TrialRecord } from "./TrialRecord.ts"

/** What happens in a study. */
export type StudyEvent =
  | {
      readonly event: "opened"
      readonly trials: ReadonlyArray<Trial>
      readonly ended: ReadonlyArray<TrialRecord>
    }
  | { readonly event: "started"; readonly trial: Trial }
  | { readonly event: "advanced"; readonly trial: Trial; readonly progress: TrialProgress }
  | { readonly event: "ended"; readonly trial: Trial; readonly record: TrialRecord }

/** Who watches a study. */
export class StudyProgress extends Context.Service<
  StudyProgress,
  { readonly observe: (event: StudyEvent) => Effect.Effect<void> }
>()("@moco/study/StudyProgress") {
  /** Nobody. */
  static readonly layerSilent = Layer.succeed(StudyProgress, StudyProgress.of({ observe: () => Effect.void }))
}
