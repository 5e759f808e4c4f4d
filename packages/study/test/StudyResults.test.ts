import { assert, describe, it } from "@effect/vitest"
import type { EpochSummary } from "@moco/study/Report"
import { resultsOf } from "@moco/study/results"
import type { StudyDefinition } from "@moco/study/Study"
import type { CompletedTrial } from "@moco/study/TrialRecord"
import { Effect } from "effect"
import { completed, failed, planned } from "./studyFixture.ts"

const above = (label: string, higher: number, lower: number) => ({
  label,
  terms: [
    { cell: { m: higher }, weight: 1 },
    { cell: { m: lower }, weight: -1 }
  ]
})

const claims = (expects: "above" | "zero"): NonNullable<StudyDefinition["claims"]> => [
  { statement: "slow is better", paper: "it is", expects, contrasts: [above("slow over fast", 0.99, 0)] }
]

/** A study of two momenta with three seeds, whose trials end as `outcome` says. */
const studyOf = (
  outcome: (m: number, seed: number) => number | "diverged" | "missing",
  changes: Partial<StudyDefinition> = {}
) =>
  Effect.map(
    planned({ axes: [{ setting: "momentum.m", values: [0, 0.99] }], seeds: [1, 2, 3], ...changes }),
    (study) =>
      resultsOf(
        study,
        study.trials.flatMap((trial) => {
          const value = outcome(Number(trial.settings["m"]), trial.seed)
          if (value === "missing") return []
          return [value === "diverged" ? failed(trial, true) : completed(trial, value)]
        })
      )
  )

describe("results of a study", () => {
  it.effect("estimates each cell over its seeds and keeps the single values", () =>
    Effect.gen(function* () {
      const { baselines, cells, numCompleted, seconds } = yield* studyOf((m, seed) => m / 2 + seed / 100)
      assert.strictEqual(cells.length, 2)
      assert.closeTo(cells[1]!.estimate!.mean, 0.515, 1e-12)
      assert.strictEqual(cells[1]!.estimate!.n, 3)
      assert.deepStrictEqual(cells[0]!.values[2], { seed: 3, value: 0.03 })
      assert.deepStrictEqual(
        baselines.map(({ metric, subject }) => [metric, subject]),
        [
          ["kNN accuracy (k = 200)", "raw pixels"],
          ["kNN accuracy (k = 200)", "untrained encoder"]
        ]
      )
      assert.closeTo(baselines[0]!.value, 0.7, 1e-12)
      assert.closeTo(baselines[1]!.value, 0.5, 1e-12)
      assert.strictEqual(numCompleted, 6)
      assert.strictEqual(seconds, 360)
      assert.closeTo(cells[0]!.curve[1]!.metrics["loss"]!, 4 - 0.02, 1e-12)
    })
  )

  it.effect("has the mean of every metric in every epoch in which all runs have it", () =>
    Effect.gen(function* () {
      const study = yield* planned({ axes: [{ setting: "momentum.m", values: [0] }], seeds: [1, 2] })
      const [first, second] = study.trials.map((trial) => completed(trial, 0.6)) as [
        CompletedTrial,
        CompletedTrial
      ]
      // Of one run an epoch has a loss that is none, as it has before a run goes back.
      const [one, two] = second.epochs as [EpochSummary, EpochSummary]
      const broken = { ...one, metrics: { ...one.metrics, loss: Number.NaN } }
      const { cells } = resultsOf(study, [first, { ...second, epochs: [broken, two] }])
      assert.deepStrictEqual(
        cells[0]!.curve.map(({ epoch, metrics }) => [epoch, metrics["loss"], metrics["pretextAccuracy"]]),
        [
          [1, Number.NaN, 0.1],
          [2, 3.4, 0.2]
        ]
      )
    })
  )

  it.effect("shows failed runs beside the finished ones and leaves them out of the mean", () =>
    Effect.gen(function* () {
      const { cells, numFailed } = yield* studyOf((m, seed) => (m === 0 && seed > 1 ? "diverged" : 0.6))
      assert.strictEqual(cells[0]!.estimate!.n, 1)
      assert.deepStrictEqual(
        cells[0]!.failures.map(({ seed }) => seed),
        [2, 3]
      )
      assert.include(cells[0]!.failures[0]!.reason, "NaN")
      assert.strictEqual(numFailed, 2)
    })
  )

  it.effect("has no estimate for a cell of which every run failed or none has ended", () =>
    Effect.gen(function* () {
      const { cells } = yield* studyOf((m) => (m === 0 ? "diverged" : "missing"))
      assert.isUndefined(cells[0]!.estimate)
      assert.isUndefined(cells[1]!.estimate)
      assert.strictEqual(cells[1]!.failures.length, 0)
    })
  )

  it.effect("compares cells with their reference by seed, over the seeds that both have", () =>
    Effect.gen(function* () {
      // The reference lacks a seed that the cell has, and the other way round.
      const { comparisons } = yield* studyOf(
        (m, seed) => (seed === (m === 0 ? 1 : 3) ? "missing" : m === 0 ? seed / 10 : seed / 10 + 0.05),
        { reference: { m: 0 }, seeds: [1, 2, 3, 4] }
      )
      assert.strictEqual(comparisons.length, 1)
      assert.deepStrictEqual(comparisons[0]!.settings, { m: 0.99 })
      const { ci, mean, n } = comparisons[0]!.difference!
      // Unpaired, the spread over seeds (0.1) would drown the difference; paired, it is the same for both seeds.
      assert.closeTo(mean, 0.05, 1e-12)
      assert.strictEqual(n, 2)
      assert.closeTo(ci!.high - ci!.low, 0, 1e-9)
    })
  )

  it.effect("sets a paper's figures beside the cells that it has too", () =>
    Effect.gen(function* () {
      const values = [{ cell: { m: 0.99 }, percent: 57.8 }]
      const { published } = yield* studyOf(() => 0.5, { published: { source: "a paper", values } })
      assert.deepStrictEqual(published, {
        source: "a paper",
        figures: [{ settings: { m: 0.99 }, percent: 57.8 }]
      })
    })
  )

  const wobble = (seed: number) => [0.001, -0.001, 0][seed - 1]!
  const verdicts = [
    ["supports", "above", 0.05],
    ["contradicts", "above", -0.05],
    ["cannot tell", "above", 0],
    ["contradicts", "zero", 0.05],
    ["contradicts", "zero", -0.05],
    ["cannot tell", "zero", 0]
  ] as const
  for (const [expected, expects, gap] of verdicts) {
    it.effect(`${expected} that a difference is ${expects} when it is about ${gap}`, () =>
      Effect.gen(function* () {
        const results = yield* studyOf((m, seed) => (m === 0 ? 0.5 : 0.5 + gap + wobble(seed)), {
          claims: claims(expects)
        })
        assert.strictEqual(results.verdicts[0]!.verdict, expected)
      })
    )
  }

  it.effect("contradicts by one of several contrasts only beyond what chance gives several", () =>
    Effect.gen(function* () {
      // A difference whose 95 % interval excludes 0 narrowly: t = 4.8 with 2 degrees of freedom, critical 4.30.
      const gap = (seed: number) => 0.02 + [0.0125, 0, -0.0125][seed - 1]! * 0.577
      const verdict = (numContrasts: number) =>
        Effect.map(
          studyOf((m, seed) => (m === 0 ? 0.5 + gap(seed) : 0.5), {
            claims: [
              {
                statement: "s",
                paper: "p",
                expects: "zero",
                contrasts: Array.from({ length: numContrasts }, () => above("a", 0.99, 0))
              }
            ]
          }),
          ({ verdicts }) => verdicts[0]!.verdict
        )
      assert.strictEqual(yield* verdict(1), "contradicts")
      assert.strictEqual(yield* verdict(5), "cannot tell")
    })
  )

  it.effect("judges a claim about pretext accuracy by the last epoch's", () =>
    Effect.gen(function* () {
      const results = yield* studyOf((m) => 0.5 + m / 10, {
        claims: [
          {
            statement: "s",
            paper: "p",
            expects: "above",
            contrasts: [{ ...above("a", 0.99, 0), metric: "pretext accuracy" }]
          }
        ]
      })
      // The fixture's pretext accuracy is 0.2 in every run.
      assert.strictEqual(results.verdicts[0]!.contrasts[0]!.estimate!.mean, 0)
      assert.strictEqual(results.verdicts[0]!.verdict, "cannot tell")
    })
  )

  it.effect("says how many runs of a contrast's cells failed", () =>
    Effect.gen(function* () {
      const results = yield* studyOf((m, seed) => (m === 0 && seed > 1 ? "diverged" : 0.5), {
        claims: claims("above")
      })
      assert.strictEqual(results.verdicts[0]!.contrasts[0]!.numFailed, 2)
    })
  )

  it.effect("gives no single baseline where cells differ in it", () =>
    Effect.gen(function* () {
      const study = yield* planned({ axes: [{ setting: "encoder.width", values: [8, 16] }], seeds: [1] })
      const records = study.trials.map((trial, i) => {
        const record = completed(trial, 0.7)
        const measurements = record.measurements.map((found) =>
          found.subject === "untrained encoder" ? { ...found, value: 0.5 + i / 10 } : found
        )
        return { ...record, measurements }
      })
      const { baselines } = resultsOf(study, records)
      assert.deepStrictEqual(
        baselines.map(({ subject, value }) => [subject, value]),
        [["raw pixels", 0.7]]
      )
    })
  )

  it.effect("cannot tell from one seed, nor where no seed has finished both", () =>
    Effect.gen(function* () {
      for (const seeds of [[1], [1, 2]]) {
        const results = yield* studyOf((m, seed) => (m === 0 && seed === 2 ? "diverged" : 0.5 + m), {
          seeds,
          claims: claims("above")
        })
        assert.strictEqual(results.verdicts[0]!.verdict, "cannot tell")
      }
    })
  )

  it.effect("supports a claim of several contrasts only when all hold", () =>
    Effect.gen(function* () {
      const verdictOf = (contrasts: ReadonlyArray<ReturnType<typeof above>>) =>
        Effect.map(
          studyOf((m, seed) => (m === 0 ? 0.5 : 0.6) + wobble(seed) * m, {
            axes: [{ setting: "momentum.m", values: [0, 0.9, 0.99] }],
            claims: [{ statement: "s", paper: "p", expects: "above", contrasts }]
          }),
          ({ verdicts }) => verdicts[0]!.verdict
        )
      const holds = above("a", 0.99, 0)
      assert.strictEqual(yield* verdictOf([holds, above("b", 0.9, 0)]), "supports")
      assert.strictEqual(yield* verdictOf([holds, above("b", 0, 0.9)]), "contradicts")
      assert.strictEqual(yield* verdictOf([holds, above("b", 0.99, 0.9)]), "cannot tell")
    })
  )
})
