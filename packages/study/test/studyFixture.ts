import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { rawPixels, trainedEncoder, untrainedEncoder } from "@moco/evaluation/subjects"
import { plan, type Study, type StudyDefinition, type Trial } from "@moco/study/Study"
import type { CompletedTrial, FailedTrial } from "@moco/study/TrialRecord"
import { stepMetrics } from "@moco/train/stepMetrics"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect } from "effect"

/** Two mechanisms of momentum at three sizes, with two seeds. */
export const definition: StudyDefinition = {
  name: "grid",
  recipe: "test",
  set: { "training.epochs": 2 },
  axes: [
    { name: "m", setting: "momentum.m", values: [0, 0.99] },
    { name: "K", setting: "dictionary.size", values: [128, 256, 1024] }
  ],
  seeds: [1, 2]
}

export const planned = (changes: Partial<StudyDefinition> = {}) =>
  plan({ ...definition, ...changes }, validConfig)

export const study: Study = Effect.runSync(planned())

const at200 = knnAccuracy(200, 0.1)

/** A trial that has ended with an accuracy, at k = 200. */
export const completed = (trial: Trial, accuracy: number, seconds = 60): CompletedTrial => ({
  format: 2,
  time: "2026-01-01T00:00:00.000Z",
  trial: trial.id,
  settings: trial.settings,
  seed: trial.seed,
  seconds,
  runFolder: `runs/${trial.id}-1`,
  epochs: [
    { epoch: 1, metrics: { loss: 5, pretextAccuracy: 0.1 } },
    { epoch: 2, metrics: { loss: 4 - accuracy, pretextAccuracy: 0.2 } }
  ],
  outcome: "completed",
  measurements: [
    measured(at200, rawPixels, 0.7),
    measured(at200, untrainedEncoder, 0.5),
    measured(at200, trainedEncoder, accuracy),
    measured(knnAccuracy(20, 0.1), trainedEncoder, accuracy + 0.01),
    measured(stepMetrics.pretextAccuracy, trainedEncoder, 0.2)
  ],
  levels: { chanceLoss: 6.9 },
  numSteps: 124,
  trainingSeconds: 50,
  evaluationSeconds: 5
})

/** A trial that has failed, for a reason of its setting or for another. */
export const failed = (trial: Trial, isFinal: boolean): FailedTrial => ({
  format: 2,
  time: "2026-01-01T00:00:00.000Z",
  trial: trial.id,
  settings: trial.settings,
  seed: trial.seed,
  seconds: 3,
  runFolder: `runs/${trial.id}-1`,
  epochs: [],
  outcome: "failed",
  exitCode: isFinal ? 5 : 6,
  reason: isFinal ? "loss is NaN in step 7" : "no space is left on the device",
  isFinal
})
