import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import type { Trial } from "@moco/study/Study"
import type { CompletedTrial } from "@moco/study/TrialRecord"
import { Effect, FileSystem, Path } from "effect"
import { reasonOf } from "../src/TrialExecutor/lastWords.ts"
import {
  completedTrial,
  eventsIn,
  failedTrial,
  hasCompleted,
  lastStep
} from "../src/TrialExecutor/trialRecord.ts"

const trial = { id: "abc", settings: { m: 0 }, seed: 3 } as unknown as Trial
const end = { trial, seconds: 12, runFolder: "runs/abc-1" }

const time = "2026-01-01T00:00:00.000Z"
const step = (index: number, loss: number) => ({
  format: 2,
  time,
  event: "step",
  step: index,
  epoch: Math.floor(index / 2),
  numSteps: 4,
  numEpochs: 2,
  metrics: { loss, chanceLoss: 6.9, dictionaryFill: 1, pretextAccuracy: 0.25, imagesPerSecond: 100 },
  stepMs: 10
})
const evaluation = (subject: string, accuracy: number) => ({
  format: 2,
  time,
  event: "evaluation",
  step: 4,
  epoch: 2,
  measurements: [measured(knnAccuracy(200, 0.1), subject, accuracy)],
  seconds: 1
})
const finished = (outcome: string) => ({
  format: 2,
  time,
  event: "finished",
  step: 4,
  epoch: 2,
  outcome,
  trainingSeconds: 30,
  evaluationSeconds: 5
})

const whole = [
  step(0, 6),
  step(1, 5),
  step(2, 4),
  step(3, 3),
  evaluation("raw pixels", 0.7),
  evaluation("untrained encoder", 0.5),
  evaluation("trained encoder", 0.6),
  evaluation("trained encoder", 0.8),
  finished("completed")
]

/** Gives `test` a run log of these events, with `tail` behind them. */
const withLog = <E>(
  events: ReadonlyArray<unknown>,
  test: (metrics: string) => Effect.Effect<void, E, NodeServices.NodeServices>,
  tail = ""
) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const metrics = path.join(yield* fileSystem.makeTempDirectoryScoped(), "metrics.jsonl")
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("")
    yield* fileSystem.writeFileString(metrics, lines + tail)
    yield* test(metrics)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe("the record of a trial", () => {
  it.effect("takes measurements and the curve by epoch from the run log", () =>
    withLog(whole, (metrics) =>
      Effect.gen(function* () {
        const record = yield* completedTrial(end, metrics)
        assert.deepInclude(record, { outcome: "completed", trial: "abc", seed: 3, numSteps: 4 })
        assert.deepStrictEqual(record.epochs, [
          { epoch: 1, metrics: { loss: 5.5, pretextAccuracy: 0.25 } },
          { epoch: 2, metrics: { loss: 3.5, pretextAccuracy: 0.25 } }
        ])
        const { levels, measurements } = record as CompletedTrial
        assert.deepStrictEqual(levels, { chanceLoss: 6.9 })
        // The last of every subject, and of training the last epoch's means.
        assert.deepStrictEqual(
          measurements.map(({ evaluation, metric, subject, value }) => [evaluation, metric, subject, value]),
          [
            ["knn", "kNN accuracy (k = 200)", "raw pixels", 0.7],
            ["knn", "kNN accuracy (k = 200)", "untrained encoder", 0.5],
            ["knn", "kNN accuracy (k = 200)", "trained encoder", 0.8],
            ["training", "loss", "trained encoder", 3.5],
            ["training", "pretext accuracy", "trained encoder", 0.25]
          ]
        )
        // Taken from a log that another process has written, it took as long as that says.
        assert.strictEqual(record.seconds, 35)
      })
    )
  )

  it.effect("is a failure where the log does not tell the end of the run", () =>
    withLog(whole.slice(0, -1), (metrics) =>
      Effect.gen(function* () {
        const record = yield* completedTrial(end, metrics)
        assert.strictEqual(record.outcome, "failed")
        assert.include(JSON.stringify(record), "does not tell the end")
      })
    )
  )

  it.effect("keeps time, folder and curve of a run that a signal ended, and is tried again", () =>
    withLog(whole.slice(0, 5), (metrics) =>
      Effect.gen(function* () {
        const ended = { exitCode: 128 + 9, reason: reasonOf(128 + 9, "warning: something\n") }
        const record = yield* failedTrial(end, yield* eventsIn(metrics), ended)
        assert.deepInclude(record, { seconds: 12, runFolder: "runs/abc-1", isFinal: false })
        assert.include(record.reason, "SIGKILL, as the system does where memory runs out\nwarning: something")
        assert.strictEqual(record.epochs.length, 2)
      })
    )
  )

  it.effect("is final only where the setting itself made the run fail", () =>
    Effect.gen(function* () {
      const finals = yield* Effect.forEach([2, 5, 6, 70, 137], (exitCode) =>
        Effect.map(failedTrial(end, [], { exitCode, reason: "" }), ({ isFinal }) => isFinal)
      )
      assert.deepStrictEqual(finals, [false, true, false, false, false])
    })
  )

  it("gives the error as the reason, without the warnings before it and with all its lines", () => {
    const stderr = "warning: dictionary.size: 16\nerror: loss is NaN: error: in step 3\n  lower it\n"
    assert.strictEqual(reasonOf(5, stderr), "loss is NaN: error: in step 3\n  lower it")
  })

  it("names the exit code and the last words where a run gave no error", () => {
    assert.strictEqual(reasonOf(9, ""), "the process ended with exit code 9")
    assert.strictEqual(reasonOf(128 + 11, ""), "the process ended with SIGSEGV")
    assert.strictEqual(reasonOf(9, "warning: x\n"), "the process ended with exit code 9\nwarning: x")
  })

  it.effect("knows a run that has reached its end, and no other", () =>
    Effect.gen(function* () {
      for (const [events, expected] of [
        [whole, true],
        [whole.slice(0, -1), false],
        [[...whole.slice(0, -1), finished("interrupted")], false],
        [[], false]
      ] as const) {
        yield* withLog(events, (metrics) =>
          Effect.gen(function* () {
            assert.strictEqual(yield* hasCompleted(metrics), expected)
          })
        )
      }
      const nowhere = hasCompleted("/nowhere/metrics.jsonl").pipe(Effect.provide(NodeServices.layer))
      assert.isFalse(yield* nowhere)
    })
  )

  it.effect("sees how far a run is from the end of its log, also where a line is being written", () =>
    withLog(
      [...Array.from({ length: 200 }, () => step(0, 6)), step(2, 4.5)],
      (metrics) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* lastStep(metrics), {
            step: 3,
            numSteps: 4,
            epoch: 2,
            numEpochs: 2,
            metrics: step(2, 4.5).metrics
          })
        }),
      '{"event":"step","st'
    )
  )
})
