import { SnapshotMismatch } from "@moco/core/Tensor"
import { ViewPairs } from "@moco/data/ViewPairs"
import { Clock, Effect } from "effect"
import type { RunProgress } from "../Checkpoint/manifest.ts"
import { Checkpoints } from "../Checkpoints.ts"
import { RunLog } from "../RunLog.ts"
import type { PretrainSettings } from "./settings.ts"

/** How far a run is, and where it is to end. The progress is replaced, never changed. */
export interface Course {
  readonly numSteps: number
  readonly stepsPerEpoch: number
  readonly settings: PretrainSettings
  progress: RunProgress
}

/** A run that has not begun. */
const beginning: RunProgress = {
  step: 0,
  trainingSeconds: 0,
  evaluationSeconds: 0,
  logPosition: 0,
  evaluations: {},
  evaluatedAt: 0,
  rollbacks: 0,
  rateFactor: 1
}

export const courseOf = Effect.fnUntraced(function* (settings: PretrainSettings) {
  const { stepsPerEpoch } = yield* ViewPairs
  const numSteps = settings.numEpochs * stepsPerEpoch
  const taken = settings.from?.step ?? 0
  if (taken > numSteps) {
    const problem = `its progress.step is ${taken}, and the run has ${numSteps} steps`
    return yield* new SnapshotMismatch({ operation: "pretrain", problem })
  }
  const course: Course = {
    numSteps,
    stepsPerEpoch,
    settings,
    progress: settings.from ?? beginning
  }
  return course
})

/** Counted from 0. */
export const epochOf = ({ progress, stepsPerEpoch }: Course): number =>
  Math.floor(progress.step / stepsPerEpoch)

/** On a clock that is never set back. */
export const seconds = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e9)

/** The run's state on disk: after every step where it is due, and whenever it is asked for. */
export const keeping = Effect.fnUntraced(function* (course: Course) {
  const runLog = yield* RunLog
  const checkpoints = yield* Checkpoints
  const progress = Effect.map(runLog.flush, (logPosition) => ({ ...course.progress, logPosition }))
  return {
    whereDue: Effect.suspend(() => {
      const { best, step } = course.progress
      const { stepsPerEpoch } = course
      return checkpoints.afterStep({ step, stepsPerEpoch, isBest: best?.step === step }, progress)
    }),
    now: Effect.suspend(() => checkpoints.save(course.progress.step, progress))
  }
})
