import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import type { TrialRecord } from "@moco/study/TrialRecord"
import type { RunRecord } from "@moco/train/RunLog"

const time = "2026-01-01T00:00:00.000Z"
const line = { format: 2, time } as const
const measurements = ["raw pixels", "trained encoder"].map((subject) =>
  measured(knnAccuracy(20, 0.1), subject, 0.5)
)

/** One of every event. */
export const records: ReadonlyArray<RunRecord> = [
  { ...line, event: "resumed", step: 3 },
  {
    ...{ ...line, event: "step", step: 3, epoch: 0, numSteps: 9, numEpochs: 1 },
    metrics: { loss: 5, chanceLoss: 6, pretextAccuracy: 0.1, learningRate: 0.1, numTensors: 50 },
    lossState: { logNormalizer: 3 },
    stepMs: 10
  },
  { ...line, event: "evaluation", step: 4, epoch: 0, measurements, seconds: 1 },
  {
    ...{
      ...line,
      event: "configChanged",
      step: 4,
      epoch: 0,
      schedule: "cosine",
      momentum: { before: 1, now: 0.9 }
    },
    changes: [{ path: "training.epochs", before: "1", now: "2" }],
    learningRate: { before: 0, now: 0.06 }
  },
  {
    ...line,
    event: "initialised",
    step: 0,
    source: "encoder.safetensors",
    sha256: "ab",
    taken: 17,
    headLeftOut: []
  },
  { ...line, event: "rolledBack", step: 3, failedStep: 4, reason: "loss is NaN", rateFactor: 0.5 },
  { ...line, event: "standstill", step: 5, epoch: 0, metric: "gradientNorm", value: 0, message: "it is 0" },
  {
    ...{ ...line, event: "finished", step: 9, epoch: 1 },
    ...{ outcome: "completed", trainingSeconds: 1, evaluationSeconds: 1 }
  }
]

const trial = { ...line, settings: { "momentum.m": 0.99 }, seed: 1, seconds: 60, runFolder: "runs/a-1" }

/** A trial that has ended well, and one that has failed. */
export const trials: ReadonlyArray<TrialRecord> = [
  {
    ...{
      ...trial,
      trial: "0123456789ab",
      epochs: [{ epoch: 1, metrics: { loss: 5, pretextAccuracy: 0.1 } }]
    },
    ...{ outcome: "completed", measurements, levels: { chanceLoss: 6.9 } },
    ...{ numSteps: 124, trainingSeconds: 50, evaluationSeconds: 5 }
  },
  {
    ...{ ...trial, trial: "ba9876543210", epochs: [] },
    ...{ outcome: "failed", exitCode: 5, reason: "loss is NaN in step 7", isFinal: true }
  }
]
