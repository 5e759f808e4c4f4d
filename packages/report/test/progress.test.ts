import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import type { RunEvent } from "@moco/train/RunLog"
import { duration } from "../src/duration.ts"
import {
  advance,
  barLine,
  evaluationLine,
  plainLine,
  rolledBackLine,
  standstillLine
} from "../src/live/Progress/line.ts"

const step: RunEvent & { event: "step" } = {
  event: "step",
  step: 9,
  epoch: 1,
  numSteps: 40,
  numEpochs: 4,
  metrics: {
    loss: 5.25,
    chanceLoss: 6.93,
    dictionaryFill: 0.5,
    pretextAccuracy: 0.1,
    learningRate: 0.1,
    encoderDistance: 0.01,
    featureStd: 0.08,
    imagesPerSecond: 640,
    numTensors: 100
  },
  stepMs: 200
}

const status = advance(undefined, step)

describe("Progress", () => {
  it("tells epoch, step, speed, loss beside chance, dictionary fill and time left in a plain line", () => {
    assert.strictEqual(
      plainLine(status),
      " 25%  epoch 2/4  step 10/40  640 images/s  loss 5.250  (chance 6.930)  dictionary 50%  ETA 0:06"
    )
  })

  it("never draws a bar wider than the terminal, and drops the least important first", () => {
    for (let columns = 1; columns < 160; columns++)
      assert.isAtMost([...barLine(status, columns, false)].length, Math.max(columns, 5))
    assert.include(barLine(status, 60, false), "epoch 2/4")
    assert.notInclude(barLine(status, 60, false), "dictionary")
    assert.include(barLine(status, 150, false), "dictionary 50%")
  })

  it("uses no colour where there is none", () => {
    assert.notInclude(barLine(status, 120, false), "\u001b")
    assert.include(barLine(status, 120, true), "\u001b[32m")
  })

  it("smooths the speed from step to step", () => {
    const next = advance(status, { ...step, step: 10, metrics: { ...step.metrics, imagesPerSecond: 1640 } })
    assert.closeTo(next.metrics["imagesPerSecond"]!, 740, 1e-9)
  })

  it("says in one line what failed and where the run goes on, and that a run stands still", () => {
    const back = {
      event: "rolledBack",
      step: 8,
      failedStep: 10,
      reason: "loss is NaN\n  do",
      rateFactor: 0.1 ** 5
    } as const
    assert.strictEqual(
      rolledBackLine(back),
      "step 10 failed (loss is NaN); goes on after step 8 at 0.00001 times the learning rate"
    )
    const still = {
      event: "standstill",
      step: 9,
      epoch: 0,
      metric: "gradientNorm",
      value: 0,
      message: "so"
    } as const
    assert.strictEqual(standstillLine(still), "warning: gradientNorm is 0 in step 9: so")
  })

  it("names who was evaluated and when, and of a baseline no time", () => {
    const of = (subject: string) => ({
      ...{ event: "evaluation" as const, step: 40, epoch: 4, seconds: 2 },
      measurements: [measured(knnAccuracy(200), subject, 0.7715), measured(knnAccuracy(20), subject, 0.785)]
    })
    assert.strictEqual(
      evaluationLine(of("trained encoder")),
      "trained encoder after epoch 4: kNN accuracy 77.2 % (k = 200), 78.5 % (k = 20)  [2.0 s]"
    )
    assert.strictEqual(
      evaluationLine(of("raw pixels")),
      "raw pixels: kNN accuracy 77.2 % (k = 200), 78.5 % (k = 20)  [2.0 s]"
    )
  })

  it("shows durations as a clock does", () => {
    assert.deepStrictEqual([7, 750, 3723, Number.NaN].map(duration), ["0:07", "12:30", "1:02:03", "-"])
  })
})
