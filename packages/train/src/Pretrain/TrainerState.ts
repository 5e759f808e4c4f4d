import * as Stage from "@moco/core/Stage"
import { SnapshotMismatch } from "@moco/core/Tensor"
import { ViewPairs } from "@moco/data/ViewPairs"
import { Effect } from "effect"
import type { RunProgress } from "../Checkpoint/manifest.ts"
import { Checkpoints } from "../Checkpoints.ts"
import { RunLog } from "../RunLog.ts"
import type { PretrainSettings } from "./settings.ts"

/** How far a run is, and where it is to end. The progress is replaced, never changed. */
export interface TrainerState {
  readonly numSteps: number
  readonly stepsPerEpoch: number
  readonly settings: PretrainSettings
  progress: RunProgress
}

/** A run that has not begun. */
export const beginning: RunProgress = {
  step: 0,
  trainingSeconds: 0,
  evaluationSeconds: 0,
  logPosition: 0,
  measurements: [],
  evaluatedAt: {},
  rollbacks: 0,
  rateFactor: 1
}

export const trainerStateOf = Effect.fnUntraced(function* (settings: PretrainSettings) {
  const { numEpochs } = settings
  yield* Stage.check(
    "Pretrain",
    Stage.count("numEpochs", numEpochs, "how often every training image is seen")
  )
  const { stepsPerEpoch } = yield* ViewPairs
  const numSteps = settings.numEpochs * stepsPerEpoch
  const taken = settings.from?.step ?? 0
  if (taken > numSteps) {
    const problem = `its progress.step is ${taken}, and the run has ${numSteps} steps`
    return yield* new SnapshotMismatch({ operation: "pretrain", problem })
  }
  const trainer: TrainerState = {
    numSteps,
    stepsPerEpoch,
    settings,
    progress: settings.from ?? beginning
  }
  return trainer
})

/** Counted from 0. */
export const epochOf = ({ progress, stepsPerEpoch }: TrainerState): number =>
  Math.floor(progress.step / stepsPerEpoch)

/** Logs what the log could not take before. */
export const catchUp = Effect.fnUntraced(function* (trainer: TrainerState) {
  const { unlogged, ...progress } = trainer.progress
  if (unlogged === undefined) return
  yield* (yield* RunLog).record(unlogged)
  trainer.progress = progress
})

/** The run's state on disk: after every step where it is due, around every evaluation, and at the end. */
export const saving = Effect.fnUntraced(function* (trainer: TrainerState) {
  const runLog = yield* RunLog
  const checkpoints = yield* Checkpoints
  const progressAt = (logPosition: number) => ({ ...trainer.progress, logPosition })
  const progress = Effect.map(runLog.flush, progressAt)
  const now = Effect.suspend(() => checkpoints.save(trainer.progress.step, progress))
  return {
    whereDue: Effect.suspend(() => {
      const { stepsPerEpoch } = trainer
      return checkpoints.afterStep({ step: trainer.progress.step, stepsPerEpoch }, progress)
    }),
    now,
    /** What is due is on disk; after the last step it always is. */
    beforeEvaluation: Effect.suspend(() =>
      trainer.progress.step === trainer.numSteps ? now : checkpoints.settled
    ),
    afterEvaluation: Effect.suspend(() => {
      const { best, step } = trainer.progress
      return checkpoints.afterEvaluation({ step, isBest: best?.step === step }, progress)
    }),
    settled: checkpoints.settled,
    /** Also where the log cannot be brought to disk; that is told after all. */
    atAnyPrice: Effect.gen(function* () {
      const flushed = yield* Effect.exit(runLog.flush)
      const save = checkpoints.save(trainer.progress.step, Effect.map(runLog.position, progressAt))
      yield* Effect.onExit(save, () => Effect.asVoid(flushed))
    })
  }
})
