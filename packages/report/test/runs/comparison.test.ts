import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { type Measurement, measured } from "@moco/evaluation/Measurement"
import { rawPixels, trainedEncoder } from "@moco/evaluation/subjects"
import { comparisonOf } from "@moco/report/runs/comparison"
import { comparisonText } from "@moco/report/runs/comparisonText"
import type { ComparedRun } from "@moco/report/runs/groups"
import type { RunConfig } from "@moco/train/RunConfig"
import fc from "fast-check"
import { config } from "./folders.ts"

const ended = { event: "finished", outcome: "completed", format: 2, time: "", step: 40, epoch: 4 } as const

interface Setting {
  readonly temperature?: number
  readonly seed: number
  readonly accuracy: number
  readonly knnTemperature?: number
  readonly data?: RunConfig["data"]
  readonly outcome?: "completed" | "interrupted"
}

/** A run that has measured one accuracy, and that of raw pixels. */
const runOf = ({
  accuracy,
  data,
  knnTemperature = 0.1,
  outcome = "completed",
  seed,
  temperature
}: Setting): ComparedRun => {
  const base = config(seed)
  const own = {
    ...base,
    ...(data === undefined ? {} : { data }),
    ...(temperature === undefined ? {} : { loss: { ...base.loss, temperature } })
  } as RunConfig
  const metric = knnAccuracy(200, knnTemperature)
  const measurements: ReadonlyArray<Measurement> = [
    measured(metric, rawPixels, 0.77),
    measured(metric, trainedEncoder, accuracy)
  ]
  const path = `runs/${temperature ?? "base"}-${seed}-${knnTemperature}`
  return {
    config: own,
    name: path,
    environment: undefined,
    looked: {
      ...{ folder: { path } as ComparedRun["looked"]["folder"], config: own, measurements, numSteps: 40 },
      ...{ holder: undefined, damage: [], newest: undefined, failedStep: undefined, failure: undefined },
      ...{ hasEncoder: true, trainingSeconds: 1, evaluationSeconds: 1, writtenAt: 0 },
      log: { events: [{ ...ended, outcome, trainingSeconds: 1, evaluationSeconds: 1 }], lastStep: undefined }
    }
  }
}

const accuracy = fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000)
const trained = ({ subject }: { readonly subject: string }) => subject === trainedEncoder

describe("runs side by side", () => {
  it("form groups where they differ in their seed alone, and show what else differs, and only that", () => {
    const { groups, settings } = comparisonOf([
      runOf({ seed: 1, accuracy: 0.6 }),
      runOf({ seed: 1, accuracy: 0.7, temperature: 0.2 }),
      runOf({ seed: 2, accuracy: 0.6 })
    ])
    assert.deepStrictEqual(
      groups.map(({ group, runs }) => [group, runs.map(({ seed }) => seed)]),
      [
        ["A", [1, 2]],
        ["B", [1]]
      ]
    )
    assert.deepStrictEqual(settings, [{ path: "loss.temperature", values: ["0.1", "0.2"] }])
  })

  it("give a paired difference with the interval of Student's t", () => {
    const { differences } = comparisonOf([
      ...[0.6, 0.62].map((accuracy, i) => runOf({ seed: i + 1, accuracy })),
      ...[0.65, 0.69].map((accuracy, i) => runOf({ seed: i + 1, accuracy, temperature: 0.2 })),
      runOf({ seed: 9, accuracy: 0.1, temperature: 0.2 })
    ])
    assert.lengthOf(differences, 1)
    const { estimate, group, minus, seeds } = differences[0]!
    assert.deepStrictEqual([group, minus, seeds], ["B", "A", [1, 2]])
    assert.closeTo(estimate.mean, 0.06, 1e-12)
    // Of 0.05 and 0.07: 12.706, the 0.975 quantile for one degree of freedom in printed tables, times 0.01.
    assert.closeTo(estimate.ci!.low, 0.06 - 0.12706, 1e-5)
    assert.closeTo(estimate.ci!.high, 0.06 + 0.12706, 1e-5)
  })

  it("have differences that turn round with the groups, and do not see what a seed adds to both", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(accuracy, accuracy, accuracy), { minLength: 1, maxLength: 5 }),
        (values) => {
          const first = values.map(([a], seed) => runOf({ seed, accuracy: a }))
          const second = values.map(([, b], seed) => runOf({ seed, accuracy: b, temperature: 0.2 }))
          const shifted = values.map(([a, b, c], seed) => [
            runOf({ seed, accuracy: a + c }),
            runOf({ seed, accuracy: b + c, temperature: 0.2 })
          ])
          const of = (runs: ReadonlyArray<ComparedRun>) => comparisonOf(runs).differences[0]!.estimate
          const there = of([...first, ...second])
          const back = of([...second, ...first])
          const added = of(shifted.flat())
          assert.closeTo(there.mean, -back.mean, 1e-9)
          assert.closeTo(there.mean, added.mean, 1e-9)
          if (there.ci === undefined) return assert.strictEqual(values.length, 1)
          assert.closeTo(there.ci.low, -back.ci!.high, 1e-9)
          assert.closeTo(there.ci.low, added.ci!.low, 1e-6)
        }
      )
    )
  })

  it("count a seed that a group has twice once, by its mean", () => {
    const { differences } = comparisonOf([
      runOf({ seed: 1, accuracy: 0.5 }),
      runOf({ seed: 1, accuracy: 0.6, temperature: 0.2 }),
      runOf({ seed: 1, accuracy: 0.8, temperature: 0.2 })
    ])
    assert.deepStrictEqual(differences[0]!.seeds, [1])
    assert.closeTo(differences[0]!.estimate.mean, 0.2, 1e-12)
  })

  it("have no difference where a metric was measured by several protocols, and say which", () => {
    const { differences, notes, scores } = comparisonOf([
      runOf({ seed: 1, accuracy: 0.5 }),
      runOf({ seed: 1, accuracy: 0.6, temperature: 0.2, knnTemperature: 0.5 })
    ])
    assert.deepStrictEqual(differences, [])
    assert.isFalse(scores.find(trained)!.isComparable)
    assert.lengthOf(notes, 1)
    assert.match(
      notes[0]!,
      /^kNN accuracy \(k = 200\) is not to be compared .*A by ".*0\.1\).*B by ".*0\.5\)/
    )
  })

  it("note what is not at its end, what is no number, and other images", () => {
    const other = { name: "cifar10", evaluationSplit: "test", imageSize: 32 } as RunConfig["data"]
    const { notes, scores } = comparisonOf([
      runOf({ seed: 1, accuracy: Number.NaN }),
      runOf({ seed: 1, accuracy: 0.6, data: other, outcome: "interrupted" })
    ])
    assert.lengthOf(notes, 3)
    assert.include(notes[0], "kNN accuracy (k = 200) of the trained encoder is NaN, and is left out")
    assert.include(notes[1], "is interrupted after")
    assert.include(notes[2], "differ in their images")
    assert.isNull(scores.find(trained)!.groups[0]!.estimate)
  })

  it("are shown with a column for each group, and with the sign of every difference", () => {
    const text = comparisonText(
      comparisonOf([
        ...[0.6, 0.62].map((accuracy, i) => runOf({ seed: i + 1, accuracy })),
        ...[0.55, 0.56].map((accuracy, i) => runOf({ seed: i + 1, accuracy, temperature: 0.2 }))
      ])
    )
    assert.match(text, /^setting +A +B\nloss\.temperature +0\.1 +0\.2$/m)
    assert.match(text, /^ {2}trained encoder +61\.0 ± 1\.4 \(2\) +55\.5 ± 0\.7 \(2\)$/m)
    assert.match(text, /^kNN accuracy \(k = 200\) +B - A +-5\.50 points +-11\.85 to \+0\.85 +2$/m)
  })

  it("of one group show what each seed has given", () => {
    const text = comparisonText(
      comparisonOf([runOf({ seed: 1, accuracy: 0.6 }), runOf({ seed: 4, accuracy: 0.62 })])
    )
    assert.include(text, "differ in their seed alone")
    assert.match(text, / +seed 1 +seed 4 +mean ± std \(n\)$/m)
    assert.match(text, /^ {2}trained encoder +60\.0 +62\.0 +61\.0 ± 1\.4 \(2\)$/m)
  })
})
