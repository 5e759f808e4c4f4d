import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import type { Trial } from "@moco/study/Study"
import type { TrialRecord } from "@moco/study/TrialRecord"
import { stepMetrics } from "@moco/train/stepMetrics"
import { advanceStudy, endedLine, openedLine, secondsLeft, statusLine } from "../src/live/StudyBar/line.ts"

const trial = (m: number, seed: number): Trial =>
  ({ id: `${m}-${seed}`, settings: { m }, seed }) as unknown as Trial

const record = (trial: Trial, seconds: number, outcome = "completed"): TrialRecord =>
  ({
    trial: trial.id,
    settings: trial.settings,
    seed: trial.seed,
    seconds,
    outcome,
    reason: "loss is NaN in step 7\n  lower it",
    measurements: [
      measured(knnAccuracy(200), "raw pixels", 0.7),
      measured(knnAccuracy(200), "trained encoder", 0.754),
      measured(stepMetrics.loss, "trained encoder", 3)
    ]
  }) as unknown as TrialRecord

const trials = [trial(0, 1), trial(1, 1), trial(0, 2), trial(1, 2)]
const opened = (ended: ReadonlyArray<TrialRecord> = []) =>
  advanceStudy(undefined, { event: "opened", trials, ended }, 0, 1)
const progress = { numSteps: 100, epoch: 6, numEpochs: 12, metrics: { loss: 4.321, pretextAccuracy: 0.5 } }

describe("a study's progress", () => {
  it("does not pretend to know the time left before anything has run", () => {
    assert.isUndefined(secondsLeft(opened(), 0))
    assert.include(statusLine(opened(), 0, undefined), "time left: not known yet")
  })

  const advanced = (status: ReturnType<typeof opened>, at: number, step: number) =>
    advanceStudy(status, { event: "advanced", trial: trials[0]!, progress: { ...progress, step } }, at, 1)

  it("takes the pace of the first run's steps until one has ended, and leaves its start-up out of the pace", () => {
    let status = advanceStudy(opened(), { event: "started", trial: trials[0]! }, 0, 1)
    status = advanced(status, 10_000, 10)
    assert.isUndefined(secondsLeft(status, 10_000))
    status = advanced(status, 20_000, 50)
    // 40 steps in 10 s: 12.5 s of this one, and three more of 10 + 22.5 s.
    assert.closeTo(secondsLeft(status, 20_000)!, 12.5 + 3 * 32.5, 1e-9)
    assert.include(statusLine(status, 20_000, undefined), "about 1:50 left")
    assert.include(statusLine(status, 20_000, undefined), "m = 0, seed 1: epoch 6/12, loss 4.321")
  })

  it("believes a running trial that is slower than the finished ones", () => {
    let status = opened([record(trials[1]!, 10), record(trials[2]!, 10), record(trials[3]!, 10)])
    status = advanceStudy(status, { event: "started", trial: trials[0]! }, 0, 1)
    status = advanced(advanced(status, 0, 0), 20_000, 20)
    assert.closeTo(secondsLeft(status, 20_000)!, 80, 1e-9)
  })

  it("takes the length of finished runs of the same cell, else of all", () => {
    const status = opened([record(trials[0]!, 100)])
    assert.closeTo(secondsLeft(status, 0)!, 300, 1e-9)
    const both = opened([record(trials[0]!, 100), record(trials[1]!, 10)])
    assert.closeTo(secondsLeft(both, 0)!, 110, 1e-9)
  })

  it("divides what is left among runs side by side, but never below the longest", () => {
    const status = { ...opened([record(trials[0]!, 100)]), concurrency: 2 }
    assert.closeTo(secondsLeft(status, 0)!, 150, 1e-9)
    assert.closeTo(secondsLeft({ ...status, concurrency: 50 }, 0)!, 100, 1e-9)
  })

  it("counts failures, and learns no length from them", () => {
    const status = opened([record(trials[0]!, 3, "failed"), record(trials[1]!, 100)])
    assert.closeTo(secondsLeft(status, 0)!, 200, 1e-9)
    assert.include(statusLine(status, 0, undefined), "2/4 runs  1 failed")
  })

  it("fits into the width of a terminal", () => {
    assert.isAtMost(statusLine(opened(), 0, 20).length, 20)
  })

  it("tells how each run ended", () => {
    assert.strictEqual(
      endedLine(record(trials[0]!, 61)),
      "m = 0, seed 1: kNN accuracy 75.4 % (k = 200)  [1:01]"
    )
    assert.strictEqual(
      endedLine(record(trials[0]!, 3, "failed")),
      "m = 0, seed 1: FAILED after 0:03: loss is NaN in step 7"
    )
    assert.strictEqual(openedLine(opened([record(trials[0]!, 1)])), "4 runs, of which 1 are done already")
  })
})
