import { execFileSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { rawPixels, trainedEncoder } from "@moco/evaluation/subjects"
import { shellQuoted } from "@moco/native/shellQuoted"
import type { RunProgress } from "@moco/train/Checkpoint/manifest"
import { beginning } from "@moco/train/Pretrain/TrainerState"
import type { RunEvent } from "@moco/train/RunLog"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import fc from "fast-check"
import { commandText } from "../src/commandLine/commandText.ts"
import { following, renderSummary, resultSoFar, withEvent } from "../src/commands/train/summary.ts"

const config = fashionMnistQuick()

describe("a command that is shown", () => {
  it("reaches the program as it was meant, whatever its paths hold", () => {
    // What a path can hold: no NUL; and whole characters, as a terminal takes no others.
    const units = ["binary", "binary-ascii", "grapheme-ascii"] as const
    const text = fc.oneof(...units.map((unit) => fc.string({ unit })))
    const path = text.filter((text) => !text.includes("\0") && text.isWellFormed())
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 20 }), (words) => {
        const script = `printf '%s\\0' ${words.map(shellQuoted).join(" ")}`
        const found = execFileSync("bash", ["-c", script], { encoding: "utf8" })
        assert.deepStrictEqual(found.split("\0").slice(0, -1), words)
        // On one line, with nothing that a terminal obeys.
        assert.notMatch(script, /\p{Cc}/u)
      })
    )
  })

  it("is plain where it can be", () => {
    assert.strictEqual(
      commandText("train", { resume: "runs/a-1", "data-dir": undefined, seed: "2" }),
      "npx moco train --resume=runs/a-1 --seed=2"
    )
    assert.strictEqual(commandText("train", { resume: "my runs/a" }), "npx moco train --resume='my runs/a'")
  })
})

describe("the closing words of a run", () => {
  const flags = { "data-dir": "/my data", "checkpoint-every": "5minutes", "on-nan": undefined }
  const given = { flags, savedStep: 0 }

  it("have the command that goes on with it, with the flags that no config holds", () => {
    const text = renderSummary(resultSoFar(config, "my runs/a", undefined), config, given)
    assert.include(
      text,
      "go on with it: npx moco train --resume='my runs/a' --data-dir='/my data' --checkpoint-every=5minutes\n".trim()
    )
    const whole = renderSummary(
      { ...resultSoFar(config, "my runs/a", undefined), outcome: "completed" },
      config,
      given
    )
    assert.include(whole, "npx moco train --config='my runs/a/config.json' --seed=2 --data-dir='/my data'")
  })

  it("have no table where nothing was evaluated, and else the lines of what was", () => {
    const early = resultSoFar(config, "runs/a", undefined)
    assert.notInclude(renderSummary(early, config, { flags: {}, savedStep: undefined }), "kNN")
    const [at200, at20] = [knnAccuracy(200), knnAccuracy(20)]
    const measurements = [
      measured(at200, rawPixels, 0.772),
      measured(at20, rawPixels, 0.8),
      measured(at20, trainedEncoder, 0.5)
    ]
    const later = renderSummary({ ...early, measurements }, config, given)
    assert.include(
      later,
      [
        "kNN accuracy         k = 200     k = 20",
        "  trained encoder          -     50.0 %",
        "  raw pixels          77.2 %     80.0 %"
      ].join("\n")
    )
    assert.notInclude(later, "untrained encoder")
  })

  it("have scores alone in their table, and name what else was measured and where it stands", () => {
    const of = (metric: string, higherIsBetter: boolean | null) =>
      measured({ ...knnAccuracy(20), metric, higherIsBetter }, trainedEncoder, 0.5)
    const measurements = [
      of("alignment (alpha = 2)", null),
      of("kNN accuracy (k = 20)", true),
      of("RankMe", null)
    ]
    const result = { ...resultSoFar(config, "my runs/a", undefined), measurements }
    const rowsOf = (report?: string) =>
      renderSummary(result, config, { ...given, report })
        .split("\n")
        .slice(1, 5)
    assert.deepStrictEqual(rowsOf("report.html"), [
      "kNN accuracy          k = 20",
      "  trained encoder     50.0 %",
      "no scores, and to be read in the report: alignment, RankMe",
      ""
    ])
    assert.include(rowsOf()[2], "to be read by npx moco runs show 'my runs/a': alignment, RankMe")
  })

  it("have all in their table where nothing that was measured is a score", () => {
    const alignment = { ...knnAccuracy(20), metric: "alignment", higherIsBetter: null }
    const result = {
      ...resultSoFar(config, "runs/a", undefined),
      measurements: [measured(alignment, trainedEncoder, 0.5)]
    }
    assert.include(renderSummary(result, config, given), "\nalignment\n  trained encoder     50.0 %\n")
  })

  it("tell after a return to a checkpoint what was measured up to it, and no more", () => {
    const evaluation = (step: number, subject: string, value: number): RunEvent => {
      const measurements = [measured(knnAccuracy(200), subject, value)]
      return { event: "evaluation", step, epoch: step / 10, measurements, seconds: 1 }
    }
    const events: ReadonlyArray<RunEvent> = [
      evaluation(0, rawPixels, 0.7),
      evaluation(10, trainedEncoder, 0.5),
      evaluation(20, trainedEncoder, 0.1),
      { event: "rolledBack", failedStep: 25, step: 10, rateFactor: 0.5, reason: "loss is NaN" }
    ]
    const { result } = events.reduce(withEvent, following(resultSoFar(config, "runs/a", undefined)))
    assert.deepStrictEqual(
      result.measurements.map(({ subject, value }) => [subject, value]),
      [
        [rawPixels, 0.7],
        [trainedEncoder, 0.5]
      ]
    )
    assert.strictEqual(result.numSteps, 10)
  })

  it("tell after a return of a run that was resumed what its checkpoint knew from before", () => {
    const [at200, linear] = [knnAccuracy(200), { ...knnAccuracy(200), evaluation: "linear", metric: "probe" }]
    const progress: RunProgress = {
      ...beginning,
      step: 30,
      measurements: [
        measured(at200, rawPixels, 0.7),
        measured(at200, trainedEncoder, 0.5),
        measured(linear, trainedEncoder, 0.6)
      ],
      evaluatedAt: { knn: 10, linear: 20 }
    }
    const resumed = following(resultSoFar(config, "runs/a", progress), progress)
    const back = (step: number) =>
      withEvent(resumed, {
        event: "rolledBack",
        failedStep: 35,
        step,
        rateFactor: 0.5,
        reason: "loss is NaN"
      })
    const valuesAt = (step: number) => back(step).result.measurements.map(({ value }) => value)
    assert.deepStrictEqual([valuesAt(20), valuesAt(15), valuesAt(0)], [[0.7, 0.5, 0.6], [0.7, 0.5], [0.7]])
  })
})
