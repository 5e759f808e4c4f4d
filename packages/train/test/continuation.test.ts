import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { rawPixels, trainedEncoder } from "@moco/evaluation/subjects"
import { beginning } from "@moco/train/Pretrain/TrainerState"
import type { RunConfig } from "@moco/train/RunConfig"
import { continuation, progressUnder } from "@moco/train/RunConfig/continuation"
import { validConfig } from "@moco/train/testing/validConfig"

const stepsPerEpoch = 10
const before: RunConfig = {
  ...validConfig,
  optimizer: { ...validConfig.optimizer, learningRate: 0.1, schedule: { kind: "cosine" } },
  training: { epochs: 4, batchSize: 128 }
}

const longer = (config: RunConfig, epochs: number): RunConfig => ({
  ...config,
  training: { ...config.training, epochs }
})

/** What a longer run means at the end of the shorter one. */
const extended = (config: RunConfig, epochs = 8) =>
  continuation(config, longer(config, epochs), { step: 40, rateFactor: 1 }, stepsPerEpoch)!

const scheduled = (schedule: RunConfig["optimizer"]["schedule"]): RunConfig => ({
  ...before,
  optimizer: { ...before.optimizer, schedule }
})

describe("A run that goes on with another config", () => {
  it("changes nothing where no setting has changed that is logged", () => {
    const free = { ...before, evaluations: { knn: { ...before.evaluations.knn!, everyEpochs: 1 } } }
    assert.isUndefined(continuation(before, before, { step: 7, rateFactor: 1 }, stepsPerEpoch))
    assert.isUndefined(continuation(before, free, { step: 7, rateFactor: 1 }, stepsPerEpoch))
  })

  it("with a cosine goes from rate 0 at the old end to the middle of a cosine that is twice as long", () => {
    const { changes, learningRate, schedule, step } = extended(before)
    assert.deepStrictEqual(changes, [{ path: "training.epochs", before: "4", now: "8" }])
    assert.deepStrictEqual([schedule, step], ["cosine", 40])
    assert.closeTo(learningRate.before, 0, 1e-15)
    assert.closeTo(learningRate.now, 0.05, 1e-15)
  })

  it("keeps its rate with a constant schedule, and its milestones with steps", () => {
    assert.deepStrictEqual(extended(scheduled({ kind: "constant" })).learningRate, { before: 0.1, now: 0.1 })
    const stepped = scheduled({ kind: "step", milestones: [2, 3], factor: 0.1 })
    const { learningRate } = extended(stepped)
    assert.closeTo(learningRate.before, 0.001, 1e-15)
    assert.strictEqual(learningRate.now, learningRate.before)
  })

  it("with a momentum that rises to 1 goes from 1 at the old end to half the way", () => {
    const rising: RunConfig = { ...before, momentum: { kind: "cosine", m: 0.9 } }
    const { momentum } = extended(rising)
    assert.closeTo(momentum!.before, 1, 1e-12)
    assert.closeTo(momentum!.now, 0.95, 1e-12)
    assert.isUndefined(extended(before).momentum)
    const bank: RunConfig = {
      ...rising,
      dictionary: { kind: "memoryBank", size: 8, entryMomentum: 0.5, redrawOwn: false }
    }
    assert.isUndefined(extended(bank).momentum)
  })

  it("takes a rate that somebody has chosen as it is, and else goes on with what rollbacks have made of it", () => {
    const lower: RunConfig = { ...before, optimizer: { ...before.optimizer, learningRate: 0.01 } }
    const progress = { ...beginning, step: 0, rateFactor: 0.5, rollbacks: 3, triedStates: [8, 4] }
    const { changes, learningRate } = continuation(before, lower, progress, stepsPerEpoch)!
    assert.deepStrictEqual(changes, [{ path: "optimizer.learningRate", before: "0.1", now: "0.01" }])
    assert.closeTo(learningRate.before, 0.05, 1e-15)
    assert.closeTo(learningRate.now, 0.01, 1e-15)
    assert.deepStrictEqual(progressUnder(lower, before, progress), beginning)
    const same = continuation(before, longer(before, 8), progress, stepsPerEpoch)!
    assert.deepStrictEqual(same.learningRate, { before: 0.05, now: 0.05 })
    assert.strictEqual(progressUnder(longer(before, 8), before, progress), progress)
  })

  it("is evaluated anew, baselines too, where an evaluation has other settings, and otherwise not", () => {
    const accuracy = knnAccuracy(20, 0.1)
    const other = measured({ ...accuracy, evaluation: "other", metric: "rank" }, trainedEncoder, 3)
    const progress = {
      ...beginning,
      step: 40,
      evaluatedAt: { knn: 40, other: 30 },
      measurements: [measured(accuracy, rawPixels, 0.5), measured(accuracy, trainedEncoder, 0.5), other],
      best: { step: 40, evaluation: "knn", metric: accuracy.metric, value: 0.5 }
    }
    assert.strictEqual(progressUnder(longer(before, 8), before, progress), progress)
    const { knn } = before.evaluations
    for (const evaluations of [{ knn: { ...knn!, k: [5] } }, { knn: { ...knn!, temperature: 0.2 } }, {}]) {
      assert.deepStrictEqual(progressUnder({ ...before, evaluations }, before, progress), {
        ...beginning,
        step: 40,
        evaluatedAt: { other: 30 },
        measurements: [other]
      })
    }
  })
})
